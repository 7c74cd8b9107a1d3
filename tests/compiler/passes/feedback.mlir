// RUN: inlay-opt %s --inlay-layout='vector-length=4 registers=16' | FileCheck %s
// RUN: inlay-opt %s --inlay-layout='vector-length=4 registers=16' --inlay-plan | FileCheck %s --check-prefix=PLAN
// RUN: inlay-opt %s --inlay-layout='vector-length=4 registers=16' --inlay-plan --inlay-emit | FileCheck %s --check-prefix=EMIT

// Only what leads from the state to its next value runs step by step. The map after both layers goes into the one that
// reads the state, so that the other one can move before the loop.
// CHECK-LABEL: func.func @net
// CHECK-SAME: inlay.row_blocks = array<i64: {{[0-9]+}}, 1>
// CHECK-NOT: inlay.feedback
// CHECK: inlay.contraction "before"
// CHECK-NOT: inlay.feedback
// CHECK: inlay.contraction "loop" {{.*}}inlay.feedback = [[LOOP:[0-9]+]]
// CHECK: arith.mulf
// CHECK-NOT: inlay.feedback
// CHECK: inlay.contraction "behind"

// The rows of the next value are read behind the loop, so it is copied to the state's memory, in every step.
// PLAN: inlay.contraction "loop" {{.*}}inlay.feedback = [[LOOP:[0-9]+]] : i64, inlay.placement = #inlay.placement<"arena"
// PLAN: inlay.map({{.*}}inlay.feedback = [[LOOP]] : i64, inlay.placement = #inlay.placement<"state" 0,
// PLAN: inlay.contraction "behind"

// The loop is around the kernels of its ops, one row at a time, between kernels for tiles of rows.
// EMIT-LABEL: func.func private @net_rows{{[0-9]+}}(
// EMIT: scf.for
// EMIT: scf.for %{{[a-z0-9_]+}} = %c0 to %arg{{[0-9]+}} step %c1 {
module attributes {inlay.share_all} {
  func.func @net(%x: tensor<6xf32>, %s: tensor<5xf32> {inlay.state = 0 : i64}) -> (tensor<7xf32>, tensor<5xf32> {inlay.state = 0 : i64})
      attributes {inlay.memory = 64 : i64} {
    %w0 = inlay.constant "w0" dense<0.5> : tensor<5x6xf32>
    %w1 = inlay.constant "w1" dense<0.25> : tensor<5x5xf32>
    %w2 = inlay.constant "w2" dense<1.5> : tensor<7x5xf32>
    %0 = inlay.dense "loop" %s, %w1 : (tensor<5xf32>, tensor<5x5xf32>) -> tensor<5xf32>
    %1 = inlay.dense "before" %x, %w0 : (tensor<6xf32>, tensor<5x6xf32>) -> tensor<5xf32>
    %2 = inlay.map(%0, %1, %s) : (tensor<5xf32>, tensor<5xf32>, tensor<5xf32>) -> tensor<5xf32> {
    ^bb0(%a: f32, %b: f32, %c: f32):
      %4 = arith.addf %a, %b : f32
      %5 = arith.mulf %4, %c : f32
      inlay.yield %5 : f32
    }
    %3 = inlay.dense "behind" %2, %w2 : (tensor<5xf32>, tensor<7x5xf32>) -> tensor<7xf32>
    return %3, %2 : tensor<7xf32>, tensor<5xf32>
  }
}
