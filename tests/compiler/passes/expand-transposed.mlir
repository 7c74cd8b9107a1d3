// RUN: inlay-opt %s --pass-pipeline='builtin.module(func.func(inlay-expand-transposed),canonicalize)' -split-input-file | FileCheck %s
// RUN: inlay-opt %s --inlay-simplify --inlay-fuse --inlay-layout -split-input-file | FileCheck %s --check-prefix=LAYOUT

// A kernel of 2 with stride 2 touches every pixel once: one feature for each pixel of a block and output, and no padding.
// The weights are those of phase 0, then phase 1; the bias repeats.
// CHECK-LABEL: func.func @no_overlap
// CHECK-DAG: inlay.constant "up.weight" dense<{{\[\[\[\[}}1.000000e+00]]], {{\[\[\[}}2.000000e+00]]]]> : tensor<2x1x1x1xf32>
// CHECK-DAG: inlay.constant dense<5.000000e-01> : tensor<2xf32>
// CHECK: inlay.conv2d "up" %arg0, {{.*}} dilation_w = 1 : i64, groups = 1 : i64, padding_bottom = 0 : i64, padding_left = 0 : i64, padding_right = 0 : i64, padding_top = 0 : i64, stride_h = 1
// CHECK-SAME: -> tensor<2x3x4xf32>
// CHECK-NOT: inlay.slice
// LAYOUT-LABEL: func.func @no_overlap
func.func @no_overlap(%x: tensor<1x3x4xf32>) -> tensor<1x3x8xf32> {
  %w = inlay.constant "up.weight" dense<[[[[1.0, 2.0]]]]> : tensor<1x1x1x2xf32>
  %b = inlay.constant "up.bias" dense<0.5> : tensor<1xf32>
  %0 = inlay.conv_transpose2d "up" %x, %w bias(%b) {stride_h = 1 : i64, stride_w = 2 : i64, padding_top = 0 : i64,
         padding_left = 0 : i64, padding_bottom = 0 : i64, padding_right = 0 : i64, dilation_h = 1 : i64, dilation_w = 1 : i64,
         output_padding_h = 0 : i64, output_padding_w = 0 : i64, groups = 1 : i64}
         : (tensor<1x3x4xf32>, tensor<1x1x1x2xf32>, tensor<1xf32>) -> tensor<1x3x8xf32>
  return %0 : tensor<1x3x8xf32>
}

// -----

// With stride 1 the kernel is turned around, and nothing is moved.
// CHECK-LABEL: func.func @stride_1
// CHECK: inlay.constant "up.weight" dense<{{\[\[\[\[}}3.000000e+00, 2.000000e+00, 1.000000e+00]]]]>
// CHECK-NEXT: %[[Y:.*]] = inlay.conv2d "up" %arg0, {{.*}} padding_left = 1 : i64, padding_right = 1 : i64
// CHECK-NEXT: return %[[Y]]
// LAYOUT-LABEL: func.func @stride_1
// LAYOUT-NOT: inlay.permute
// LAYOUT: return
func.func @stride_1(%x: tensor<1x1x4xf32>) -> tensor<1x1x4xf32> {
  %w = inlay.constant "up.weight" dense<[[[[1.0, 2.0, 3.0]]]]> : tensor<1x1x1x3xf32>
  %0 = inlay.conv_transpose2d "up" %x, %w {stride_h = 1 : i64, stride_w = 1 : i64, padding_top = 0 : i64,
         padding_left = 1 : i64, padding_bottom = 0 : i64, padding_right = 1 : i64, dilation_h = 1 : i64, dilation_w = 1 : i64,
         output_padding_h = 0 : i64, output_padding_w = 0 : i64, groups = 1 : i64}
         : (tensor<1x1x4xf32>, tensor<1x1x1x3xf32>) -> tensor<1x1x4xf32>
  return %0 : tensor<1x1x4xf32>
}

// -----

// A layer of a generator of images: 2 x 2 taps for 4 x 4 with stride 2. Batch norm goes into the weights, the activation
// into the contraction. One permutation puts the blocks together; the input has one channel, so there is no other.
// CHECK-LABEL: func.func @generator
// LAYOUT-LABEL: func.func @generator
// LAYOUT: inlay.contraction "up"
// LAYOUT-SAME: bias(
// LAYOUT-SAME: window(<kernel = 2 by 2, stride = 1 by 1, dilation = 1 by 1>)
// LAYOUT-SAME: -> tensor<9x9x4xf32>
// LAYOUT: inlay.activation "relu"
// LAYOUT: inlay.permute {{.*}} [0, 3, 1, 4, 2, 5] : (tensor<9x9x1x2x2x1xf32>) -> tensor<9x2x9x2x1x1xf32>
// LAYOUT-NOT: inlay.permute
// LAYOUT-NOT: inlay.map
// LAYOUT: return
func.func @generator(%x: tensor<1x8x8xf32>) -> tensor<1x16x16xf32> {
  %w = inlay.constant "up.weight" dense<1.0> : tensor<1x1x4x4xf32>
  %scale = inlay.constant "bn.weight" dense<2.0> : tensor<1x1x1xf32>
  %shift = inlay.constant "bn.bias" dense<1.0> : tensor<1x1x1xf32>
  %0 = inlay.conv_transpose2d "up" %x, %w {stride_h = 2 : i64, stride_w = 2 : i64, padding_top = 1 : i64,
         padding_left = 1 : i64, padding_bottom = 1 : i64, padding_right = 1 : i64, dilation_h = 1 : i64, dilation_w = 1 : i64,
         output_padding_h = 0 : i64, output_padding_w = 0 : i64, groups = 1 : i64}
         : (tensor<1x8x8xf32>, tensor<1x1x4x4xf32>) -> tensor<1x16x16xf32>
  %1 = inlay.map(%0, %scale, %shift) : (tensor<1x16x16xf32>, tensor<1x1x1xf32>, tensor<1x1x1xf32>) -> tensor<1x16x16xf32> {
  ^bb0(%a: f32, %s: f32, %t: f32):
    %5 = arith.mulf %a, %s : f32
    %6 = arith.addf %5, %t : f32
    %7 = inlay.activation "relu"(%6) : f32
    inlay.yield %7 : f32
  }
  return %1 : tensor<1x16x16xf32>
}

// -----

// A bias that depends on an input is added to each channel.
// CHECK-LABEL: func.func @bias_from_an_input
// LAYOUT-LABEL: func.func @bias_from_an_input
// LAYOUT: inlay.contraction
// LAYOUT: return
func.func @bias_from_an_input(%x: tensor<1x1x4xf32>, %b: tensor<3xf32>) -> tensor<3x1x8xf32> {
  %w = inlay.constant "up.weight" dense<1.0> : tensor<3x1x1x2xf32>
  %shift = inlay.reshape %b : (tensor<3xf32>) -> tensor<3x1x1xf32>
  %0 = inlay.conv_transpose2d "up" %x, %w {stride_h = 1 : i64, stride_w = 2 : i64, padding_top = 0 : i64,
         padding_left = 0 : i64, padding_bottom = 0 : i64, padding_right = 0 : i64, dilation_h = 1 : i64, dilation_w = 1 : i64,
         output_padding_h = 0 : i64, output_padding_w = 0 : i64, groups = 1 : i64}
         : (tensor<1x1x4xf32>, tensor<3x1x1x2xf32>) -> tensor<3x1x8xf32>
  %1 = inlay.map(%0, %shift) : (tensor<3x1x8xf32>, tensor<3x1x1xf32>) -> tensor<3x1x8xf32> {
  ^bb0(%a: f32, %t: f32):
    %5 = arith.addf %a, %t : f32
    inlay.yield %5 : f32
  }
  return %1 : tensor<3x1x8xf32>
}

// -----

// Blocks reach beyond the result here. The logarithm of what is cut off would raise an exception flag, so it comes last.
// CHECK-LABEL: func.func @log_of_the_result
// CHECK: inlay.conv2d "up"
// CHECK: inlay.slice
// CHECK: inlay.map
// CHECK: inlay.activation "log"
// LAYOUT-LABEL: func.func @log_of_the_result
func.func @log_of_the_result(%x: tensor<1x1x4xf32>) -> tensor<1x1x7xf32> {
  %w = inlay.constant "up.weight" dense<[[[[1.0, 2.0, 3.0]]]]> : tensor<1x1x1x3xf32>
  %0 = inlay.conv_transpose2d "up" %x, %w {stride_h = 1 : i64, stride_w = 2 : i64, padding_top = 0 : i64,
         padding_left = 1 : i64, padding_bottom = 0 : i64, padding_right = 1 : i64, dilation_h = 1 : i64, dilation_w = 1 : i64,
         output_padding_h = 0 : i64, output_padding_w = 0 : i64, groups = 1 : i64}
         : (tensor<1x1x4xf32>, tensor<1x1x1x3xf32>) -> tensor<1x1x7xf32> {
  ^bb0(%sum: f32):
    %1 = inlay.activation "log"(%sum) : f32
    inlay.yield %1 : f32
  }
  return %0 : tensor<1x1x7xf32>
}
