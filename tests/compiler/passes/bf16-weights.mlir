// RUN: inlay-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(func.func(inlay-set-target{vector-length=4 registers=16},inlay-assign-layout{bf16-weights=true}))' | FileCheck %s

// Weights that bf16 changes by more than its rounding are counted for each layer. 0x7F7F is the largest bf16.
// CHECK-LABEL: func.func @counted
// CHECK: inlay.constant "w" dense<[3.389530e+38, -3.389530e+38, 0xFF80, 0x7FC0, 0.000000e+00, 1.000000e+00, 3.389530e+38, 0x7F80]> : tensor<8xbf16>
func.func @counted(%x: tensor<2xf32>) -> tensor<4xf32> {
  %w = inlay.constant "w" dense<[[3.4e38, 1.0e-45], [-3.4e38, 1.0], [0xFF800000, 3.389e38], [0x7F800001, 0x7F800000]]> : tensor<4x2xf32>
  // expected-warning @+1 {{layer 'fc1': of 8 weights that bf16 stores, 2 beyond bf16's largest number became that number, 3.39e38; 1 below bf16's smallest normal number, 1.18e-38, lost more than 1/256 of their size; 1 are NaN and stay so, without the low bits of their payload}}
  %0 = inlay.dense "fc1" %x, %w : (tensor<2xf32>, tensor<4x2xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// Ordinary weights, and denormal weights that bf16 holds exactly, give no warning.
// CHECK-LABEL: func.func @ordinary
// CHECK: tensor<4xbf16>
func.func @ordinary(%x: tensor<1xf32>) -> tensor<4xf32> {
  %w = inlay.constant "w" dense<[[0.1], [-3.0e38], [0.0], [0x00010000]]> : tensor<4x1xf32>
  %0 = inlay.dense "fc1" %x, %w : (tensor<1xf32>, tensor<4x1xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
