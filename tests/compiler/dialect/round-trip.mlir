// Every op is printed as it was parsed.
// RUN: inlay-opt %s | inlay-opt | FileCheck %s

// CHECK: inlay.constant "w" dense<1.000000e+00> : tensor<3x4xf32>
// CHECK: inlay.constant dense<2.000000e+00> : tensor<3xf32>
// CHECK: inlay.dense "fc1" %arg0, %{{.*}} bias(%{{.*}}) with(%arg1) : (tensor<4xf32>, tensor<3x4xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32> {
// CHECK: inlay.activation "leaky_relu"(%{{.*}}) with [{{.*}}] fast : f32
// CHECK: inlay.activation "tanh"(%{{.*}}) approximate : f32
// CHECK: inlay.yield
// CHECK: inlay.map(%{{.*}}, %arg1)
// CHECK: inlay.softmax %{{.*}} : tensor<3xf32>
// CHECK: inlay.concat(%{{.*}}, %arg0) axis 0 : (tensor<3xf32>, tensor<4xf32>) -> tensor<7xf32>
// CHECK: inlay.reshape %{{.*}} : (tensor<7xf32>) -> tensor<7x1xf32>
func.func @every_op(%x: tensor<4xf32>, %r: tensor<3xf32>) -> tensor<7x1xf32> {
  %w = inlay.constant "w" dense<1.0> : tensor<3x4xf32>
  %b = inlay.constant dense<2.0> : tensor<3xf32>
  %0 = inlay.dense "fc1" %x, %w bias(%b) with(%r)
         : (tensor<4xf32>, tensor<3x4xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32> {
  ^bb0(%sum: f32, %residual: f32):
    %5 = arith.addf %sum, %residual : f32
    %6 = inlay.activation "leaky_relu"(%5) with [0.25] fast : f32
    %approximate = inlay.activation "tanh"(%5) approximate : f32
    inlay.yield %6 : f32
  }
  %1 = inlay.map(%0, %r) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32> {
  ^bb0(%a: f32, %c: f32):
    %5 = inlay.activation "sigmoid"(%a) : f32
    %6 = arith.mulf %5, %c : f32
    inlay.yield %6 : f32
  }
  %2 = inlay.softmax %1 : tensor<3xf32>
  %3 = inlay.concat(%2, %x) axis 0 : (tensor<3xf32>, tensor<4xf32>) -> tensor<7xf32>
  %4 = inlay.reshape %3 : (tensor<7xf32>) -> tensor<7x1xf32>
  return %4 : tensor<7x1xf32>
}

// CHECK-LABEL: func.func @every_op_on_images
// CHECK: inlay.permute %{{.*}} [2, 0, 1] : (tensor<6x6x3xf32>) -> tensor<3x6x6xf32>
// CHECK: inlay.conv2d "c1" %{{.*}}, %{{.*}} bias(%{{.*}}) {
// CHECK: inlay.conv_transpose2d "up" %{{.*}}, %{{.*}} bias(%{{.*}}) {
// CHECK: inlay.max_pool %{{.*}} {
// CHECK: inlay.avg_pool %{{.*}} {
// CHECK: inlay.pad %{{.*}} low [1, 1, 0] high [1, 0, 0] value 0.000000e+00
// CHECK: inlay.conv2d_nhwc "c2" %{{.*}}, %{{.*}} <kernel = 3 by 3, stride = 1 by 1, dilation = 1 by 1>
// CHECK: inlay.window "c3" weighted %{{.*}} weight(%{{.*}}) <kernel = 2 by 2, stride = 1 by 2, dilation = 1 by 1>
// CHECK: inlay.window max %{{.*}} <kernel = 2 by 2
// CHECK: inlay.contraction "c4" %{{.*}}, %{{.*}} tile(4 x 4) lanes(4) window(<kernel = 1 by 1, stride = 1 by 1, dilation = 1 by 1>) {columns = 2 : i64}
// CHECK: inlay.slice %{{.*}} axis 2 from 1 length 2
// CHECK: inlay.resample %{{.*}} axis 1 from [0, 0, 1] : (tensor<6x2x2xf32>) -> tensor<6x3x2xf32>
// CHECK: inlay.resample %{{.*}} weight(%{{.*}}) axis 1 from [0, 1, 1, -1, 2, 0] : (tensor<6x3x2xf32>, tensor<3x2xf32>) -> tensor<6x3x2xf32>
func.func @every_op_on_images(%x: tensor<6x6x3xf32>) -> (tensor<2x1x1xf32>, tensor<6x2x4xf32>, tensor<6x3x2xf32>) {
  %w = inlay.constant "w" dense<1.0> : tensor<2x3x3x3xf32>
  %b = inlay.constant "b" dense<1.0> : tensor<2xf32>
  %taps = inlay.constant "taps" dense<1.0> : tensor<4x3xf32>
  %packed = inlay.constant "packed" dense<1.0> : tensor<12xf32>
  %0 = inlay.permute %x [2, 0, 1] : (tensor<6x6x3xf32>) -> tensor<3x6x6xf32>
  %1 = inlay.conv2d "c1" %0, %w bias(%b) {stride_h = 1 : i64, stride_w = 1 : i64, padding_top = 0 : i64,
         padding_left = 0 : i64, padding_bottom = 0 : i64, padding_right = 0 : i64, dilation_h = 1 : i64,
         dilation_w = 1 : i64, groups = 1 : i64} : (tensor<3x6x6xf32>, tensor<2x3x3x3xf32>, tensor<2xf32>) -> tensor<2x4x4xf32>
  %up = inlay.constant "up" dense<1.0> : tensor<2x2x1x1xf32>
  %t = inlay.conv_transpose2d "up" %1, %up bias(%b) {stride_h = 1 : i64, stride_w = 1 : i64, padding_top = 0 : i64,
         padding_left = 0 : i64, padding_bottom = 0 : i64, padding_right = 0 : i64, dilation_h = 1 : i64,
         dilation_w = 1 : i64, output_padding_h = 0 : i64, output_padding_w = 0 : i64, groups = 1 : i64}
         : (tensor<2x4x4xf32>, tensor<2x2x1x1xf32>, tensor<2xf32>) -> tensor<2x4x4xf32>
  %2 = inlay.max_pool %t {kernel_h = 2 : i64, kernel_w = 2 : i64, stride_h = 2 : i64, stride_w = 2 : i64,
         padding_top = 0 : i64, padding_left = 0 : i64, padding_bottom = 0 : i64, padding_right = 0 : i64,
         dilation_h = 1 : i64, dilation_w = 1 : i64, ceil_mode = 0 : i64} : (tensor<2x4x4xf32>) -> tensor<2x2x2xf32>
  %3 = inlay.avg_pool %2 {kernel_h = 2 : i64, kernel_w = 2 : i64, stride_h = 2 : i64, stride_w = 2 : i64,
         padding_top = 0 : i64, padding_left = 0 : i64, padding_bottom = 0 : i64, padding_right = 0 : i64,
         dilation_h = 1 : i64, dilation_w = 1 : i64, ceil_mode = 0 : i64, count_include_pad = 1 : i64}
         : (tensor<2x2x2xf32>) -> tensor<2x1x1xf32>
  %4 = inlay.pad %x low [1, 1, 0] high [1, 0, 0] value 0.0 : (tensor<6x6x3xf32>) -> tensor<8x7x3xf32>
  %5 = inlay.conv2d_nhwc "c2" %4, %w <kernel = 3 by 3, stride = 1 by 1, dilation = 1 by 1>
         : (tensor<8x7x3xf32>, tensor<2x3x3x3xf32>) -> tensor<6x5x2xf32>
  %6 = inlay.window "c3" weighted %4 weight(%taps) <kernel = 2 by 2, stride = 1 by 2, dilation = 1 by 1>
         : (tensor<8x7x3xf32>, tensor<4x3xf32>) -> tensor<7x3x3xf32>
  %7 = inlay.window max %6 <kernel = 2 by 2, stride = 1 by 1, dilation = 1 by 1>
         : (tensor<7x3x3xf32>) -> tensor<6x2x3xf32>
  %8 = inlay.contraction "c4" %7, %packed tile(4 x 4) lanes(4)
         window(<kernel = 1 by 1, stride = 1 by 1, dilation = 1 by 1>) {columns = 2 : i64}
         : (tensor<6x2x3xf32>, tensor<12xf32>) -> tensor<6x2x4xf32>
  %9 = inlay.slice %8 axis 2 from 1 length 2 : (tensor<6x2x4xf32>) -> tensor<6x2x2xf32>
  %10 = inlay.slice %6 axis 0 from 0 length 6 : (tensor<7x3x3xf32>) -> tensor<6x3x3xf32>
  %11 = inlay.slice %10 axis 2 from 0 length 2 : (tensor<6x3x3xf32>) -> tensor<6x3x2xf32>
  %12 = inlay.resample %9 axis 1 from [0, 0, 1] : (tensor<6x2x2xf32>) -> tensor<6x3x2xf32>
  %shares = inlay.constant dense<0.5> : tensor<3x2xf32>
  %13 = inlay.resample %12 weight(%shares) axis 1 from [0, 1, 1, -1, 2, 0]
         : (tensor<6x3x2xf32>, tensor<3x2xf32>) -> tensor<6x3x2xf32>
  return %3, %8, %13 : tensor<2x1x1xf32>, tensor<6x2x4xf32>, tensor<6x3x2xf32>
}

// CHECK-LABEL: func.func @every_op_on_runs
// CHECK: inlay.normalize %arg0 with(%arg1) {axis = 1 : i64, centred = 1 : i64, eps = 925353388 : i64, groups = 1 : i64} : (tensor<3x4xf32>, tensor<4xf32>) -> tensor<3x4xf32> {
// CHECK: inlay.normalize %{{.*}} {axis = 0 : i64, centred = 0 : i64, eps = 0 : i64, groups = 3 : i64} : (tensor<3x4xf32>) -> tensor<3x4xf32>
// CHECK: inlay.reduce %arg0 {axes = 2 : i64, keepdim = 0 : i64, kind = 1 : i64} : (tensor<3x4xf32>) -> tensor<3xf32>
func.func @every_op_on_runs(%x: tensor<3x4xf32>, %w: tensor<4xf32>) -> (tensor<3xf32>, tensor<3x4xf32>) {
  %1 = inlay.normalize %x with(%w) {axis = 1 : i64, groups = 1 : i64, eps = 925353388 : i64, centred = 1 : i64}
         : (tensor<3x4xf32>, tensor<4xf32>) -> tensor<3x4xf32> {
  ^bb0(%a: f32, %weight: f32):
    %5 = arith.mulf %a, %weight : f32
    inlay.yield %5 : f32
  }
  %2 = inlay.normalize %1 {axis = 0 : i64, groups = 3 : i64, eps = 0 : i64, centred = 0 : i64}
         : (tensor<3x4xf32>) -> tensor<3x4xf32>
  %0 = inlay.reduce %x {kind = 1 : i64, axes = 2 : i64, keepdim = 0 : i64} : (tensor<3x4xf32>) -> tensor<3xf32>
  return %0, %2 : tensor<3xf32>, tensor<3x4xf32>
}

// CHECK-LABEL: func.func @every_op_on_integers
// CHECK: inlay.embedding %arg0, %arg1 : (tensor<3xi32>, tensor<10x4xf32>) -> tensor<3x4xf32>
func.func @every_op_on_integers(%x: tensor<3xi32>, %w: tensor<10x4xf32>) -> tensor<3x4xf32> {
  %0 = inlay.embedding %x, %w : (tensor<3xi32>, tensor<10x4xf32>) -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}

// CHECK-LABEL: func.func @every_op_of_training
// CHECK: inlay.pack %arg0 lanes(8) panel(8) : (tensor<5x3xf32>) -> tensor<24xf32>
// CHECK: inlay.pack %arg0 lanes(4) panel(4) transposed : (tensor<5x3xf32>) -> tensor<20xf32>
// CHECK: inlay.accumulate %arg0, %arg1 by %arg2 : (tensor<5x3xf32>, tensor<5xf32>, tensor<3xf32>) -> tensor<5x3xf32>
// CHECK: inlay.accumulate %arg1, %arg1 : (tensor<5xf32>, tensor<5xf32>) -> tensor<5xf32>
func.func @every_op_of_training(%w: tensor<5x3xf32>, %dy: tensor<5xf32>, %x: tensor<3xf32>)
    -> (tensor<24xf32>, tensor<20xf32>, tensor<5x3xf32>, tensor<5xf32>) {
  %0 = inlay.pack %w lanes(8) panel(8) : (tensor<5x3xf32>) -> tensor<24xf32>
  %1 = inlay.pack %w lanes(4) panel(4) transposed : (tensor<5x3xf32>) -> tensor<20xf32>
  %2 = inlay.accumulate %w, %dy by %x : (tensor<5x3xf32>, tensor<5xf32>, tensor<3xf32>) -> tensor<5x3xf32>
  %3 = inlay.accumulate %dy, %dy : (tensor<5xf32>, tensor<5xf32>) -> tensor<5xf32>
  return %0, %1, %2, %3 : tensor<24xf32>, tensor<20xf32>, tensor<5x3xf32>, tensor<5xf32>
}
