// RUN: inlay-opt %s --pass-pipeline='builtin.module(inlay-emit-kernels)' -split-input-file -verify-diagnostics

// The emit phase refuses ops without a kernel by name, and before it asks them anything.
func.func @dense_without_layout(%x: tensor<4xf32>) -> tensor<4xf32>
    attributes {inlay.target = #inlay.target<lanes = 4, registers = 16>, inlay.arena = 0 : i64, inlay.row_blocks = array<i64: 1>} {
  %w = inlay.constant "w" dense<1.0> : tensor<4x4xf32>
  // expected-error @+1 {{has no kernel; did the layout phase run?}}
  %0 = inlay.dense "fc" %x, %w : (tensor<4xf32>, tensor<4x4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
