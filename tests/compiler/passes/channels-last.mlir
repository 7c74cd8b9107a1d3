// RUN: inlay-opt %s --pass-pipeline='builtin.module(func.func(inlay-channels-last,canonicalize))' -split-input-file | FileCheck %s

// One channel has the same place first and last. The permutations between the layers meet their inverses, and the last
// one goes into the weights of the dense layer: no element is copied.
// CHECK-LABEL: func.func @no_copies
// CHECK-NOT: inlay.permute
// CHECK: %[[W:.*]] = inlay.constant dense<{{\[\[}}1.000000e+00, 3.000000e+00, 2.000000e+00, 4.000000e+00]]> : tensor<1x4xf32>
// CHECK: %[[X:.*]] = inlay.reshape %arg0 : (tensor<1x4x3xf32>) -> tensor<4x3x1xf32>
// CHECK: %[[C:.*]] = inlay.conv2d_nhwc "c1" %[[X]], %{{.*}} <kernel = 3 by 3, stride = 1 by 1, dilation = 1 by 1>
// CHECK-SAME: -> tensor<2x1x2xf32>
// CHECK: %[[M:.*]] = inlay.map(%[[C]])
// CHECK: %[[F:.*]] = inlay.reshape %[[M]] : (tensor<2x1x2xf32>) -> tensor<4xf32>
// CHECK: inlay.dense "fc" %[[F]], %[[W]]
func.func @no_copies(%x: tensor<1x4x3xf32>) -> tensor<1xf32> {
  %w = inlay.constant "c1.weight" dense<1.0> : tensor<2x1x3x3xf32>
  %fc = inlay.constant "fc.weight" dense<[[1.0, 2.0, 3.0, 4.0]]> : tensor<1x4xf32>
  %0 = inlay.conv2d "c1" %x, %w {stride_h = 1 : i64, stride_w = 1 : i64, padding_top = 0 : i64, padding_left = 0 : i64,
         padding_bottom = 0 : i64, padding_right = 0 : i64, dilation_h = 1 : i64, dilation_w = 1 : i64, groups = 1 : i64}
         : (tensor<1x4x3xf32>, tensor<2x1x3x3xf32>) -> tensor<2x2x1xf32>
  %1 = inlay.map(%0) : (tensor<2x2x1xf32>) -> tensor<2x2x1xf32> {
  ^bb0(%a: f32):
    %5 = inlay.activation "tanh"(%a) : f32
    inlay.yield %5 : f32
  }
  %2 = inlay.reshape %1 : (tensor<2x2x1xf32>) -> tensor<4xf32>
  %3 = inlay.dense "fc" %2, %fc : (tensor<4xf32>, tensor<1x4xf32>) -> tensor<1xf32>
  return %3 : tensor<1xf32>
}

// -----

// Every channel a group of its own: one weight vector for each tap. Padding is an op.
// CHECK-LABEL: func.func @depthwise
// CHECK: %[[P:.*]] = inlay.permute %arg0 [1, 2, 0]
// CHECK: %[[PAD:.*]] = inlay.pad %[[P]] low [1, 0, 0] high [0, 2, 0] value 0.000000e+00 : (tensor<4x3x2xf32>) -> tensor<5x5x2xf32>
// CHECK: inlay.window "c1" weighted %[[PAD]] weight(%{{.*}}) <kernel = 1 by 2, stride = 1 by 1, dilation = 1 by 1> : (tensor<5x5x2xf32>, tensor<2x2xf32>) -> tensor<5x4x2xf32>
func.func @depthwise(%x: tensor<2x4x3xf32>) -> tensor<2x5x4xf32> {
  %w = inlay.constant "c1.weight" dense<[[[[1.0, 2.0]]], [[[3.0, 4.0]]]]> : tensor<2x1x1x2xf32>
  %0 = inlay.conv2d "c1" %x, %w {stride_h = 1 : i64, stride_w = 1 : i64, padding_top = 1 : i64, padding_left = 0 : i64,
         padding_bottom = 0 : i64, padding_right = 2 : i64, dilation_h = 1 : i64, dilation_w = 1 : i64, groups = 2 : i64}
         : (tensor<2x4x3xf32>, tensor<2x1x1x2xf32>) -> tensor<2x5x4xf32>
  return %0 : tensor<2x5x4xf32>
}

// -----

// A mean divides by the pixels that count. Windows at the edge have fewer.
// CHECK-LABEL: func.func @mean_without_padding
// CHECK: %[[N:.*]] = inlay.constant dense<{{.*}}1.000000e+00{{.*}}2.000000e+00{{.*}}> : tensor<2x1x1xf32>
// CHECK: inlay.window sum %{{.*}} with(%[[N]]) <kernel = 2 by 1
// CHECK: arith.divf
func.func @mean_without_padding(%x: tensor<1x3x1xf32>) -> tensor<1x2x1xf32> {
  %0 = inlay.avg_pool %x {kernel_h = 2 : i64, kernel_w = 1 : i64, stride_h = 2 : i64, stride_w = 1 : i64,
         padding_top = 1 : i64, padding_left = 0 : i64, padding_bottom = 0 : i64, padding_right = 0 : i64,
         dilation_h = 1 : i64, dilation_w = 1 : i64, ceil_mode = 0 : i64, count_include_pad = 0 : i64}
         : (tensor<1x3x1xf32>) -> tensor<1x2x1xf32>
  return %0 : tensor<1x2x1xf32>
}

// -----

// An image that the caller has with its channels last, as the DSL's permute<2, 0, 1> and permute<1, 2, 0> say it. They
// meet the permutations of the layer: no element is copied.
// CHECK-LABEL: func.func @channels_last_for_the_caller
// CHECK-NOT: inlay.permute
// CHECK: %[[C:.*]] = inlay.conv2d_nhwc "c1" %arg0, %{{.*}} -> tensor<3x2x5xf32>
// CHECK-NEXT: return %[[C]]
func.func @channels_last_for_the_caller(%x: tensor<4x3x2xf32>) -> tensor<3x2x5xf32> {
  %w = inlay.constant "c1.weight" dense<1.0> : tensor<5x2x2x2xf32>
  %0 = inlay.permute %x [2, 1, 0] : (tensor<4x3x2xf32>) -> tensor<2x3x4xf32>
  %1 = inlay.permute %0 [0, 2, 1] : (tensor<2x3x4xf32>) -> tensor<2x4x3xf32>
  %2 = inlay.conv2d "c1" %1, %w {stride_h = 1 : i64, stride_w = 1 : i64, padding_top = 0 : i64, padding_left = 0 : i64,
         padding_bottom = 0 : i64, padding_right = 0 : i64, dilation_h = 1 : i64, dilation_w = 1 : i64, groups = 1 : i64}
         : (tensor<2x4x3xf32>, tensor<5x2x2x2xf32>) -> tensor<5x3x2xf32>
  %3 = inlay.permute %2 [1, 0, 2] : (tensor<5x3x2xf32>) -> tensor<3x5x2xf32>
  %4 = inlay.permute %3 [0, 2, 1] : (tensor<3x5x2xf32>) -> tensor<3x2x5xf32>
  return %4 : tensor<3x2x5xf32>
}

// -----

// The mean of each channel is read where the channels lie last; only the result changes its axes, which is no copy.
// CHECK-LABEL: func.func @mean_of_channels
// CHECK: %[[P:.*]] = inlay.window max
// CHECK: %[[M:.*]] = inlay.reduce %[[P]] {axes = 3 : i64, keepdim = 1 : i64, kind = 1 : i64} : (tensor<2x3x4xf32>) -> tensor<1x1x4xf32>
// CHECK: inlay.reshape %[[M]] : (tensor<1x1x4xf32>) -> tensor<4xf32>
// CHECK-NOT: inlay.permute
func.func @mean_of_channels(%x: tensor<4x2x3xf32>) -> tensor<4xf32> {
  %0 = inlay.max_pool %x {kernel_h = 1 : i64, kernel_w = 1 : i64, stride_h = 1 : i64, stride_w = 1 : i64,
         padding_top = 0 : i64, padding_left = 0 : i64, padding_bottom = 0 : i64, padding_right = 0 : i64,
         dilation_h = 1 : i64, dilation_w = 1 : i64, ceil_mode = 0 : i64} : (tensor<4x2x3xf32>) -> tensor<4x2x3xf32>
  %1 = inlay.reduce %0 {kind = 1 : i64, axes = 6 : i64, keepdim = 0 : i64} : (tensor<4x2x3xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

// Places along channels and rows count in the order of the axes, so the image gets that order back.
// CHECK-LABEL: func.func @place_in_an_image
// CHECK: %[[P:.*]] = inlay.window max
// CHECK: %[[F:.*]] = inlay.permute %[[P]] [2, 0, 1]
// CHECK: inlay.reduce %[[F]] {axes = 7 : i64, keepdim = 0 : i64, kind = 4 : i64}
func.func @place_in_an_image(%x: tensor<4x2x3xf32>) -> tensor<f32> {
  %0 = inlay.max_pool %x {kernel_h = 1 : i64, kernel_w = 1 : i64, stride_h = 1 : i64, stride_w = 1 : i64,
         padding_top = 0 : i64, padding_left = 0 : i64, padding_bottom = 0 : i64, padding_right = 0 : i64,
         dilation_h = 1 : i64, dilation_w = 1 : i64, ceil_mode = 0 : i64} : (tensor<4x2x3xf32>) -> tensor<4x2x3xf32>
  %1 = inlay.reduce %0 {kind = 4 : i64, axes = 7 : i64, keepdim = 0 : i64} : (tensor<4x2x3xf32>) -> tensor<f32>
  return %1 : tensor<f32>
}

// -----

// A group norm between pools keeps the channels last. Its weights, one for each channel, change places.
// CHECK-LABEL: func.func @group_norm
// CHECK: %[[P:.*]] = inlay.window max
// CHECK: inlay.normalize %[[P]] with(%{{.*}}) {axis = 0 : i64, centred = 1 : i64, channels_last, eps = 0 : i64, groups = 2 : i64} : (tensor<2x3x4xf32>, tensor<1x1x4xf32>) -> tensor<2x3x4xf32>
// CHECK-NOT: inlay.permute
// CHECK: inlay.window max
func.func @group_norm(%x: tensor<4x2x3xf32>) -> tensor<4x1x1xf32> {
  %w = inlay.constant "gn.weight" dense<[[[1.0]], [[2.0]], [[3.0]], [[4.0]]]> : tensor<4x1x1xf32>
  %0 = inlay.max_pool %x {kernel_h = 1 : i64, kernel_w = 1 : i64, stride_h = 1 : i64, stride_w = 1 : i64,
         padding_top = 0 : i64, padding_left = 0 : i64, padding_bottom = 0 : i64, padding_right = 0 : i64,
         dilation_h = 1 : i64, dilation_w = 1 : i64, ceil_mode = 0 : i64} : (tensor<4x2x3xf32>) -> tensor<4x2x3xf32>
  %1 = inlay.normalize %0 with(%w) {axis = 0 : i64, groups = 2 : i64, eps = 0 : i64, centred = 1 : i64}
         : (tensor<4x2x3xf32>, tensor<4x1x1xf32>) -> tensor<4x2x3xf32> {
  ^bb0(%a: f32, %weight: f32):
    %5 = arith.mulf %a, %weight : f32
    inlay.yield %5 : f32
  }
  %2 = inlay.max_pool %1 {kernel_h = 2 : i64, kernel_w = 3 : i64, stride_h = 1 : i64, stride_w = 1 : i64,
         padding_top = 0 : i64, padding_left = 0 : i64, padding_bottom = 0 : i64, padding_right = 0 : i64,
         dilation_h = 1 : i64, dilation_w = 1 : i64, ceil_mode = 0 : i64} : (tensor<4x2x3xf32>) -> tensor<4x1x1xf32>
  return %2 : tensor<4x1x1xf32>
}

// -----

// What changes the size of an image lies between layers without a copy. Its axes are those of the moved image.
// CHECK-LABEL: func.func @between_layers
// CHECK: %[[A:.*]] = inlay.conv2d_nhwc "c1"
// CHECK: %[[W:.*]] = inlay.resample %[[A]] axis 1 from [0, 0, 1, 1] : (tensor<3x2x5xf32>) -> tensor<3x4x5xf32>
// CHECK: %[[H:.*]] = inlay.resample %[[W]] axis 0 from [1, 0, 1, 2] : (tensor<3x4x5xf32>) -> tensor<4x4x5xf32>
// CHECK: %[[P:.*]] = inlay.pad %[[H]] low [1, 0, 0] high [0, 2, 0] value 0.000000e+00 : (tensor<4x4x5xf32>) -> tensor<5x6x5xf32>
// CHECK: inlay.conv2d_nhwc "c2" %[[P]]
// CHECK-NOT: inlay.permute
// CHECK: return
func.func @between_layers(%x: tensor<1x4x3xf32>) -> tensor<1x4x5xf32> {
  %w = inlay.constant "c1.weight" dense<1.0> : tensor<5x1x2x2xf32>
  %v = inlay.constant "c2.weight" dense<1.0> : tensor<1x5x2x2xf32>
  %0 = inlay.conv2d "c1" %x, %w {stride_h = 1 : i64, stride_w = 1 : i64, padding_top = 0 : i64, padding_left = 0 : i64,
         padding_bottom = 0 : i64, padding_right = 0 : i64, dilation_h = 1 : i64, dilation_w = 1 : i64, groups = 1 : i64}
         : (tensor<1x4x3xf32>, tensor<5x1x2x2xf32>) -> tensor<5x3x2xf32>
  %1 = inlay.resample %0 axis 2 from [0, 0, 1, 1] : (tensor<5x3x2xf32>) -> tensor<5x3x4xf32>
  %2 = inlay.resample %1 axis 1 from [1, 0, 1, 2] : (tensor<5x3x4xf32>) -> tensor<5x4x4xf32>
  %3 = inlay.pad %2 low [0, 1, 0] high [0, 0, 2] value 0.0 : (tensor<5x4x4xf32>) -> tensor<5x5x6xf32>
  %4 = inlay.conv2d "c2" %3, %v {stride_h = 1 : i64, stride_w = 1 : i64, padding_top = 0 : i64, padding_left = 0 : i64,
         padding_bottom = 0 : i64, padding_right = 0 : i64, dilation_h = 1 : i64, dilation_w = 1 : i64, groups = 1 : i64}
         : (tensor<5x5x6xf32>, tensor<1x5x2x2xf32>) -> tensor<1x4x5xf32>
  return %4 : tensor<1x4x5xf32>
}

// -----

// The same for signals, which are images of one line.
// CHECK-LABEL: func.func @between_layers_on_a_signal
// CHECK: %[[A:.*]] = inlay.conv2d_nhwc "c1" {{.*}} -> tensor<1x3x5xf32>
// CHECK: %[[R:.*]] = inlay.resample %[[A]] axis 1 from [0, 0, 1, 2] : (tensor<1x3x5xf32>) -> tensor<1x4x5xf32>
// CHECK: %[[S:.*]] = inlay.slice %[[R]] axis 2 from 1 length 2 : (tensor<1x4x5xf32>) -> tensor<1x4x2xf32>
// CHECK: inlay.conv2d_nhwc "c2" %[[S]]
// CHECK-NOT: inlay.permute
// CHECK: return
func.func @between_layers_on_a_signal(%x: tensor<1x1x4xf32>) -> tensor<1x1x3xf32> {
  %w = inlay.constant "c1.weight" dense<1.0> : tensor<5x1x1x2xf32>
  %v = inlay.constant "c2.weight" dense<1.0> : tensor<1x2x1x2xf32>
  %0 = inlay.conv2d "c1" %x, %w {stride_h = 1 : i64, stride_w = 1 : i64, padding_top = 0 : i64, padding_left = 0 : i64,
         padding_bottom = 0 : i64, padding_right = 0 : i64, dilation_h = 1 : i64, dilation_w = 1 : i64, groups = 1 : i64}
         : (tensor<1x1x4xf32>, tensor<5x1x1x2xf32>) -> tensor<5x1x3xf32>
  %1 = inlay.reshape %0 : (tensor<5x1x3xf32>) -> tensor<5x3xf32>
  %2 = inlay.resample %1 axis 1 from [0, 0, 1, 2] : (tensor<5x3xf32>) -> tensor<5x4xf32>
  %3 = inlay.slice %2 axis 0 from 1 length 2 : (tensor<5x4xf32>) -> tensor<2x4xf32>
  %4 = inlay.reshape %3 : (tensor<2x4xf32>) -> tensor<2x1x4xf32>
  %5 = inlay.conv2d "c2" %4, %v {stride_h = 1 : i64, stride_w = 1 : i64, padding_top = 0 : i64, padding_left = 0 : i64,
         padding_bottom = 0 : i64, padding_right = 0 : i64, dilation_h = 1 : i64, dilation_w = 1 : i64, groups = 1 : i64}
         : (tensor<2x1x4xf32>, tensor<1x2x1x2xf32>) -> tensor<1x1x3xf32>
  return %5 : tensor<1x1x3xf32>
}

// -----

// The caller's image is permuted before it grows. Two paddings become one.
// CHECK-LABEL: func.func @before_the_first_layer
// CHECK: %[[I:.*]] = inlay.permute %arg0 [1, 2, 0] : (tensor<2x3x2xf32>) -> tensor<3x2x2xf32>
// CHECK: %[[R:.*]] = inlay.resample %[[I]] axis 1 from [0, 0, 1] : (tensor<3x2x2xf32>) -> tensor<3x3x2xf32>
// CHECK: %[[P:.*]] = inlay.pad %[[R]] low [2, 0, 0] high [0, 1, 0] value 0.000000e+00 : (tensor<3x3x2xf32>) -> tensor<5x4x2xf32>
// CHECK: inlay.conv2d_nhwc "c1" %[[P]]
func.func @before_the_first_layer(%x: tensor<2x3x2xf32>) -> tensor<1x4x3xf32> {
  %w = inlay.constant "c1.weight" dense<1.0> : tensor<1x2x2x2xf32>
  %0 = inlay.resample %x axis 2 from [0, 0, 1] : (tensor<2x3x2xf32>) -> tensor<2x3x3xf32>
  %1 = inlay.pad %0 low [0, 1, 0] high [0, 0, 0] value 0.0 : (tensor<2x3x3xf32>) -> tensor<2x4x3xf32>
  %2 = inlay.conv2d "c1" %1, %w {stride_h = 1 : i64, stride_w = 1 : i64, padding_top = 1 : i64, padding_left = 0 : i64,
         padding_bottom = 0 : i64, padding_right = 1 : i64, dilation_h = 1 : i64, dilation_w = 1 : i64, groups = 1 : i64}
         : (tensor<2x4x3xf32>, tensor<1x2x2x2xf32>) -> tensor<1x4x3xf32>
  return %2 : tensor<1x4x3xf32>
}
