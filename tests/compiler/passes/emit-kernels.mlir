// RUN: inlay-opt %s --inlay-layout='vector-length=4 registers=16' --inlay-plan --inlay-emit | FileCheck %s

// A kernel for up to six rows and one for one row, with weights as private constants and accumulators as loop-carried
// vectors. The loop has only multiply-adds; the activation is before the only store; the last vector is stored in pieces.
// CHECK: module attributes {inlay.entries = [{flops = 121 : i64, hash = 77 : ui64, input_types = array<i64: 1>, inputs = array<i64: 5>, max_batch = 0 : i64, memory_bytes = 0 : i64, name = "net", outputs = array<i64: 11>, rounds_to_nearest = false, row_blocks = array<i64: 6, 1>, samples_in_lanes = 0 : i64, scratch_bytes = 0 : i64, stages = [], voices = array<i64>}]}
// CHECK: memref.global "private" constant @net.w : memref<60xf32>
// CHECK: func.func private @net_rows6(%{{.*}}: memref<30xf32> {llvm.noalias}, %{{.*}}: memref<66xf32> {llvm.noalias}, {{.*}}, %{{.*}}: index)
// CHECK: scf.for %{{.*}} iter_args({{.*}}) -> (vector<4xf32>, vector<4xf32>,
// CHECK-COUNT-12: vector.fma
// CHECK: scf.yield
// CHECK: vector.store {{.*}} vector<2xf32>
// CHECK: vector.store {{.*}} vector<1xf32>
// CHECK-NOT: memref.copy
// CHECK-NOT: memref.alloc
// CHECK: func.func private @net_rows1
func.func @net(%x: tensor<5xf32> {inlay.name = "x"}) -> (tensor<11xf32> {inlay.name = "y"})
    attributes {inlay.hash = 77 : ui64} {
  %w = inlay.constant "w" dense<1.5> : tensor<11x5xf32>
  %0 = inlay.dense "fc1" %x, %w : (tensor<5xf32>, tensor<11x5xf32>) -> tensor<11xf32> {
  ^bb0(%a: f32):
    %1 = inlay.activation "relu"(%a) : f32
    inlay.yield %1 : f32
  }
  return %0 : tensor<11xf32>
}

// With threads each stage is a separate kernel. A part computes its panels of 8 features each, the last part the rest.
// RUN: inlay-opt %s --inlay-layout='vector-length=4 registers=16' --inlay-plan --inlay-emit='parallel=true' | FileCheck %s --check-prefix=STAGES
// STAGES: row_blocks = array<i64: 6, 1>, {{.*}} stages = [array<i64: 1>, array<i64: 0>]
// STAGES: func.func private @net_rows6_stage0({{.*}}: memref<66xf32> {llvm.noalias}, {{.*}}, %[[ROWS:[a-z0-9]+]]: index, %[[PART:[a-z0-9]+]]: index, %[[PARTS:[a-z0-9]+]]: index)
// STAGES: arith.divui %{{.*}}, %[[PARTS]]
// STAGES: func.func private @net_rows1_stage0
