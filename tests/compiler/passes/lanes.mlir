// RUN: inlay-opt %s --inlay-layout='vector-length=4 registers=16' | FileCheck %s --check-prefix=LAYOUT
// RUN: inlay-opt %s --inlay-layout='vector-length=4 registers=16 reproducible' | FileCheck %s --check-prefix=NONE
// RUN: inlay-opt %s --inlay-layout='vector-length=4 registers=16 max-batch=3' | FileCheck %s --check-prefix=NONE
// RUN: inlay-opt %s --inlay-layout='vector-length=4 registers=16' --inlay-plan --inlay-emit | FileCheck %s

// A network of narrow layers has kernels that compute 4 samples side by side. Each reads a weight once for all of them.
// LAYOUT: func.func @net({{.*}}) -> tensor<2xf32> attributes {inlay.row_blocks = array<i64: 1>, inlay.samples_in_lanes = 4 : i64
// NONE-NOT: inlay.samples_in_lanes
// CHECK: samples_in_lanes = 4 : i64
// CHECK: func.func private @net_lanes(%[[X:.*]]: memref<20xf32> {llvm.noalias}, %[[Y:.*]]: memref<8xf32> {llvm.noalias}, %{{.*}}: memref<1xf32> {llvm.noalias}) {
// CHECK-COUNT-2: memref.alloca() {alignment = 64 : i64} : memref<{{8|20}}xf32>
// The first 4 elements of each sample, then elements 1 to 4.
// CHECK-COUNT-8: vector.load %[[X]][{{.*}}] : memref<20xf32>, vector<4xf32>
// CHECK-COUNT-10: vector.fma
// CHECK: arith.select
// CHECK-COUNT-2: vector.store %{{.*}}, %[[Y]]
// CHECK: func.func private @net_lanes_part({{.*}}: index) {
// CHECK: call @net_lanes
func.func @net(%x: tensor<5xf32>) -> tensor<2xf32> {
  %w = inlay.constant "w" dense<1.5> : tensor<2x5xf32>
  %y = inlay.dense "fc" %x, %w : (tensor<5xf32>, tensor<2x5xf32>) -> tensor<2xf32> {
  ^bb0(%sum: f32):
    %0 = inlay.activation "relu"(%sum) : f32
    inlay.yield %0 : f32
  }
  return %y : tensor<2xf32>
}
