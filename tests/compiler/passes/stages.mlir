// RUN: inlay-opt %s --inlay-layout='vector-length=4 registers=16' --inlay-plan --inlay-emit='vector-length=4 parallel=true' | FileCheck %s

// For a single row, features come in groups of four panels, here 32. Fewer than two groups cannot be divided.
// CHECK: name = "narrow", {{.*}} row_blocks = array<i64: 6, 1>, {{.*}} stages = [array<i64: 1, 1>, array<i64: 0>]
// CHECK-SAME: name = "wide", {{.*}} row_blocks = array<i64: 6, 1>, {{.*}} stages = [array<i64: 1, 1>, array<i64: 0, 1>]
func.func @narrow(%x: tensor<1024xf32>) -> tensor<63xf32> {
  %w = inlay.constant "w" dense<1.5> : tensor<63x1024xf32>
  %0 = inlay.dense "fc1" %x, %w : (tensor<1024xf32>, tensor<63x1024xf32>) -> tensor<63xf32>
  return %0 : tensor<63xf32>
}
func.func @wide(%x: tensor<1024xf32>) -> tensor<64xf32> {
  %w = inlay.constant "w" dense<1.5> : tensor<64x1024xf32>
  %0 = inlay.dense "fc1" %x, %w : (tensor<1024xf32>, tensor<64x1024xf32>) -> tensor<64xf32>
  return %0 : tensor<64xf32>
}
