// RUN: inlay-opt %s --split-input-file --pass-pipeline='builtin.module(func.func(inlay-fold-linear{bf16-weights=true}),canonicalize)' | FileCheck %s

// Folds of layers whose weights will be stored as bf16.

// The bias is computed from the rounded weight, 0.333984375, so that the shift by 3 cancels exactly: 3 * 0.333984375.
// CHECK-LABEL: func.func @shift_of_the_rounded_weights
// CHECK-DAG: inlay.constant "w" dense<0.333984375> : tensor<1x1xf32>
// CHECK-DAG: inlay.constant dense<1.00195313> : tensor<1xf32>
// CHECK: inlay.dense "fc" %arg0,
func.func @shift_of_the_rounded_weights(%x: tensor<1xf32>) -> tensor<1xf32> {
  %w = inlay.constant "w" dense<0.66666666> : tensor<1x1xf32>
  %n = inlay.map(%x) : (tensor<1xf32>) -> tensor<1xf32> {
  ^bb0(%a: f32):
    %three = arith.constant 3.0 : f32
    %half = arith.constant 0.5 : f32
    %0 = arith.addf %a, %three : f32
    %1 = arith.mulf %0, %half : f32
    inlay.yield %1 : f32
  }
  %y = inlay.dense "fc" %n, %w : (tensor<1xf32>, tensor<1x1xf32>) -> tensor<1xf32>
  return %y : tensor<1xf32>
}

// -----

// Weights that bf16 holds exactly are not scaled by a third, because they would not stay exact.
// CHECK-LABEL: func.func @exact_weights
// CHECK: inlay.constant "w" dense<[{{\[}}1.000000e+00, 2.000000e+00]]>
// CHECK: inlay.dense
// CHECK: arith.mulf
func.func @exact_weights(%x: tensor<2xf32>) -> tensor<1xf32> {
  %w = inlay.constant "w" dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %z = inlay.dense "fc" %x, %w : (tensor<2xf32>, tensor<1x2xf32>) -> tensor<1xf32>
  %y = inlay.map(%z) : (tensor<1xf32>) -> tensor<1xf32> {
  ^bb0(%a: f32):
    %third = arith.constant 0.33333333 : f32
    %0 = arith.mulf %a, %third : f32
    inlay.yield %0 : f32
  }
  return %y : tensor<1xf32>
}

// -----

// A bias of 12 after exact weights: rounding the folded weights would give an error for inputs of size 12.
// CHECK-LABEL: func.func @bias_between
// CHECK-COUNT-2: inlay.dense
func.func @bias_between(%x: tensor<2xf32>) -> tensor<1xf32> {
  %w1 = inlay.constant "w1" dense<[[1.0, 0.0], [0.0, 1.0]]> : tensor<2x2xf32>
  %b1 = inlay.constant "b1" dense<-12.0> : tensor<2xf32>
  %w2 = inlay.constant "w2" dense<[[0.3, -0.7]]> : tensor<1x2xf32>
  %h = inlay.dense "a" %x, %w1 bias(%b1) : (tensor<2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %y = inlay.dense "b" %h, %w2 : (tensor<2xf32>, tensor<1x2xf32>) -> tensor<1xf32>
  return %y : tensor<1xf32>
}
