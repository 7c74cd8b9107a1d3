// RUN: inlay-opt %s --inlay-simplify -split-input-file | FileCheck %s

// Batch norm after a convolution goes into its weights, channel by channel: 2 (w x) + 1 and 4 (w x) - 1.
// CHECK-LABEL: func.func @batch_norm
// CHECK-DAG: %[[W:.*]] = inlay.constant "c1.weight" dense<{{\[\[\[\[}}2.000000e+00, 4.000000e+00]]], {{\[\[\[}}1.200000e+01, 1.600000e+01]]]]> : tensor<2x1x1x2xf32>
// CHECK-DAG: %[[B:.*]] = inlay.constant dense<[1.000000e+00, -1.000000e+00]> : tensor<2xf32>
// CHECK: %[[Y:.*]] = inlay.conv2d "c1" %arg0, %[[W]] bias(%[[B]])
// CHECK: return %[[Y]]
func.func @batch_norm(%x: tensor<1x3x4xf32>) -> tensor<2x3x3xf32> {
  %w = inlay.constant "c1.weight" dense<[[[[1.0, 2.0]]], [[[3.0, 4.0]]]]> : tensor<2x1x1x2xf32>
  %scale = inlay.constant "bn.weight" dense<[[[2.0]], [[4.0]]]> : tensor<2x1x1xf32>
  %shift = inlay.constant "bn.bias" dense<[[[1.0]], [[-1.0]]]> : tensor<2x1x1xf32>
  %0 = inlay.conv2d "c1" %x, %w {stride_h = 1 : i64, stride_w = 1 : i64, padding_top = 0 : i64, padding_left = 0 : i64,
         padding_bottom = 0 : i64, padding_right = 0 : i64, dilation_h = 1 : i64, dilation_w = 1 : i64, groups = 1 : i64}
         : (tensor<1x3x4xf32>, tensor<2x1x1x2xf32>) -> tensor<2x3x3xf32>
  %1 = inlay.map(%0, %scale, %shift) : (tensor<2x3x3xf32>, tensor<2x1x1xf32>, tensor<2x1x1xf32>) -> tensor<2x3x3xf32> {
  ^bb0(%a: f32, %s: f32, %t: f32):
    %5 = arith.mulf %a, %s : f32
    %6 = arith.addf %5, %t : f32
    inlay.yield %6 : f32
  }
  return %1 : tensor<2x3x3xf32>
}

// -----

// A shift that differs between the pixels of a channel is no bias.
// CHECK-LABEL: func.func @positions
// CHECK: inlay.conv2d
// CHECK: inlay.map
func.func @positions(%x: tensor<1x3x4xf32>) -> tensor<2x3x3xf32> {
  %w = inlay.constant "c1.weight" dense<[[[[1.0, 2.0]]], [[[3.0, 4.0]]]]> : tensor<2x1x1x2xf32>
  %shift = inlay.constant "position" dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %0 = inlay.conv2d "c1" %x, %w {stride_h = 1 : i64, stride_w = 1 : i64, padding_top = 0 : i64, padding_left = 0 : i64,
         padding_bottom = 0 : i64, padding_right = 0 : i64, dilation_h = 1 : i64, dilation_w = 1 : i64, groups = 1 : i64}
         : (tensor<1x3x4xf32>, tensor<2x1x1x2xf32>) -> tensor<2x3x3xf32>
  %1 = inlay.map(%0, %shift) : (tensor<2x3x3xf32>, tensor<3xf32>) -> tensor<2x3x3xf32> {
  ^bb0(%a: f32, %t: f32):
    %5 = arith.addf %a, %t : f32
    inlay.yield %5 : f32
  }
  return %1 : tensor<2x3x3xf32>
}

// -----

// Constants are computed among themselves before they are repeated: the result has one element for each channel.
// CHECK-LABEL: func.func @constants
// CHECK: inlay.constant dense<{{\[\[}}4.000000e+00], [1.000000e+01]]> : tensor<2x1xf32>
// CHECK: inlay.map(%arg0, %{{.*}}) : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x3xf32>
func.func @constants(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %a = inlay.constant "a" dense<[[1.0], [4.0]]> : tensor<2x1xf32>
  %b = inlay.constant "b" dense<[[3.0], [6.0]]> : tensor<2x1xf32>
  %0 = inlay.map(%x, %a, %b) : (tensor<2x3xf32>, tensor<2x1xf32>, tensor<2x1xf32>) -> tensor<2x3xf32> {
  ^bb0(%e: f32, %p: f32, %q: f32):
    %5 = arith.addf %p, %q : f32
    %6 = arith.maximumf %e, %5 : f32
    inlay.yield %6 : f32
  }
  return %0 : tensor<2x3xf32>
}

// -----

// A map of constants alone is written out in its own shape.
// CHECK-LABEL: func.func @table
// CHECK: %[[T:.*]] = inlay.constant dense<{{\[\[}}4.000000e+00, 5.000000e+00], [5.000000e+00, 6.000000e+00]]> : tensor<2x2xf32>
// CHECK: return %[[T]]
func.func @table() -> tensor<2x2xf32> {
  %a = inlay.constant "a" dense<[[1.0], [2.0]]> : tensor<2x1xf32>
  %b = inlay.constant "b" dense<[3.0, 4.0]> : tensor<2xf32>
  %0 = inlay.map(%a, %b) : (tensor<2x1xf32>, tensor<2xf32>) -> tensor<2x2xf32> {
  ^bb0(%p: f32, %q: f32):
    %5 = arith.addf %p, %q : f32
    inlay.yield %5 : f32
  }
  return %0 : tensor<2x2xf32>
}
