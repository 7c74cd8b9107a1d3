// RUN: inlay-opt %s --inlay-layout='vector-length=4 registers=16' | FileCheck %s
// RUN: inlay-opt %s --inlay-layout='vector-length=4 registers=16 reproducible' | FileCheck %s --check-prefix=FIXED
// RUN: inlay-opt %s --inlay-layout='vector-length=4 registers=16' --inlay-plan --inlay-emit | FileCheck %s --check-prefix=EMIT

// A layer of few features and many inputs keeps the weights of each feature together, and adds along them.
// CHECK: inlay.constant "w" dense<{{.*}}> : tensor<40xf32>
// CHECK: inlay.contraction "fc" %{{.*}} tile(4 x 2) lanes(2) {along_inputs} :
// FIXED: tensor<34xf32>
// FIXED-NOT: along_inputs
// The last of five registers of inputs has one live lane.
// EMIT: func.func private @net_rows1
// EMIT-COUNT-10: vector.fma %{{.*}} : vector<4xf32>
// EMIT: vector.shuffle
func.func @net(%x: tensor<17xf32>) -> tensor<2xf32> {
  %w = inlay.constant "w" dense<1.5> : tensor<2x17xf32>
  %y = inlay.dense "fc" %x, %w : (tensor<17xf32>, tensor<2x17xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}
