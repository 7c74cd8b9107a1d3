// RUN: inlay-opt %s --pass-pipeline='builtin.module(func.func(inlay-set-target{vector-length=4 registers=16},inlay-assign-layout))' -split-input-file -verify-diagnostics | FileCheck %s

// RUN: inlay-opt %s --pass-pipeline='builtin.module(func.func(inlay-set-target{vector-length=4 registers=16},inlay-assign-layout{bf16-weights=true}))' -split-input-file -verify-diagnostics | FileCheck %s --check-prefix=BF16

// Weights become bf16, biases stay f32.
// BF16-LABEL: func.func @narrow_layer
// BF16: inlay.constant "w" dense<{{.*}}> : tensor<8xbf16>
// BF16: inlay.constant "b" dense<{{.*}}> : tensor<4xf32>
// BF16: inlay.contraction "fc1" {{.*}} (tensor<2xf32>, tensor<8xbf16>, tensor<4xf32>)

// Panels of two vectors, the last as narrow as possible; features beyond the tenth are zero. With 16 registers:
// 6 rows x 2 vectors + 2 + 1 = 15.
// CHECK-LABEL: func.func @packs_weights_by_panel
// CHECK-SAME: inlay.row_blocks = array<i64: 6, 1>
// CHECK-SAME: inlay.target = #inlay.target<lanes = 4, registers = 16>
// CHECK: inlay.constant "fc1.weight" dense<[1.000000e+00, 3.000000e+00, 5.000000e+00, 7.000000e+00, 9.000000e+00, 1.100000e+01, 1.300000e+01, 1.500000e+01,
// CHECK-SAME: 2.000000e+00, 4.000000e+00, 6.000000e+00, 8.000000e+00, 1.000000e+01, 1.200000e+01, 1.400000e+01, 1.600000e+01,
// CHECK-SAME: 1.700000e+01, 1.900000e+01, 1.700000e+01, 1.700000e+01, 1.800000e+01, 2.000000e+01, 1.800000e+01, 1.800000e+01]> : tensor<24xf32>
// CHECK: inlay.contraction "fc1" %arg0, %{{.*}} tile(6 x 8) lanes(4)
func.func @packs_weights_by_panel(%x: tensor<2xf32>) -> tensor<10xf32> {
  %w = inlay.constant "fc1.weight" dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0], [9.0, 10.0], [11.0, 12.0],
                                          [13.0, 14.0], [15.0, 16.0], [17.0, 18.0], [19.0, 20.0]]> : tensor<10x2xf32>
  %0 = inlay.dense "fc1" %x, %w : (tensor<2xf32>, tensor<10x2xf32>) -> tensor<10xf32>
  return %0 : tensor<10xf32>
}

// -----

// A layer narrower than a vector uses a shorter vector, and the bias is padded to it. If all layers are narrow, samples
// run one by one.
// CHECK-LABEL: func.func @narrow_layer
// CHECK-SAME: inlay.row_blocks = array<i64: 1>
// CHECK: inlay.constant "b" dense<1.000000e+00> : tensor<4xf32>
// CHECK: tile(6 x 4) lanes(4)
func.func @narrow_layer(%x: tensor<2xf32>) -> tensor<3xf32> {
  %w = inlay.constant "w" dense<1.0> : tensor<3x2xf32>
  %b = inlay.constant "b" dense<1.0> : tensor<3xf32>
  %0 = inlay.dense "fc1" %x, %w bias(%b) : (tensor<2xf32>, tensor<3x2xf32>, tensor<3xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

// Zeros are skipped after a ReLU if the weights exceed the first-level cache, or if the network says so.
// CHECK-LABEL: func.func @zeros
// CHECK: inlay.contraction "fc1" {{.*}} : (tensor<128xf32>,
// CHECK: inlay.contraction "automatic" {{.*}} {skip_zeros} :
// CHECK: inlay.contraction "decided" {{.*}} lanes(4) :
// CHECK: inlay.contraction "after_sigmoid" {{.*}} lanes(4) :
// CHECK: inlay.contraction "decided_small" {{.*}} {skip_zeros} :
func.func @zeros(%x: tensor<128xf32>) -> (tensor<128xf32>, tensor<128xf32>, tensor<4xf32>) {
  %w = inlay.constant "w" dense<1.0> : tensor<128x128xf32>
  %v = inlay.constant "v" dense<1.0> : tensor<4x128xf32>
  %0 = inlay.dense "fc1" %x, %w : (tensor<128xf32>, tensor<128x128xf32>) -> tensor<128xf32> {
  ^bb0(%a: f32):
    %5 = inlay.activation "relu"(%a) : f32
    inlay.yield %5 : f32
  }
  %1 = inlay.dense "automatic" %0, %w : (tensor<128xf32>, tensor<128x128xf32>) -> tensor<128xf32>
  %2 = inlay.dense "decided" %0, %w {zeros = "multiply"} : (tensor<128xf32>, tensor<128x128xf32>) -> tensor<128xf32> {
  ^bb0(%a: f32):
    %5 = inlay.activation "sigmoid"(%a) : f32
    inlay.yield %5 : f32
  }
  %3 = inlay.dense "after_sigmoid" %2, %w : (tensor<128xf32>, tensor<128x128xf32>) -> tensor<128xf32>
  %4 = inlay.dense "decided_small" %2, %v {zeros = "skip"} : (tensor<128xf32>, tensor<4x128xf32>) -> tensor<4xf32>
  return %1, %3, %4 : tensor<128xf32>, tensor<128xf32>, tensor<4xf32>
}

// -----

func.func @weight_that_is_not_constant(%x: tensor<2xf32>, %w: tensor<3x2xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{layer 'fc1': weight must be a constant, because it is packed at compile time}}
  %0 = inlay.dense "fc1" %x, %w : (tensor<2xf32>, tensor<3x2xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

// bf16 keeps 8 bits, so half an ulp of 1 is 1/256. Ties go to the even neighbour.
// BF16-LABEL: func.func @rounds_to_bf16
// BF16: inlay.constant "w" dense<[1.000000e+00, 1.015630e+00, 1.007810e+00, 1.000000e+00]> : tensor<4xbf16>
func.func @rounds_to_bf16(%x: tensor<1xf32>) -> tensor<3xf32> {
  %w = inlay.constant "w" dense<[[1.00390625], [1.01171875], [1.0078125]]> : tensor<3x1xf32>
  %0 = inlay.dense "fc1" %x, %w : (tensor<1xf32>, tensor<3x1xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

// The weights of a convolution are packed with the channels last. A tile is a line of 4 pixels; the padding's lines are
// known to be zero.
// CHECK-LABEL: func.func @convolution
// CHECK: inlay.constant "w" dense<[1.000000e+00, 5.000000e+00, 3.000000e+00, 7.000000e+00, 2.000000e+00, 6.000000e+00, 4.000000e+00, 8.000000e+00]> : tensor<8xf32>
// CHECK: inlay.contraction "c1" {{.*}} tile(4 x 2) lanes(2) window(<kernel = 2 by 1, stride = 1 by 1, dilation = 1 by 1>) {columns = 4 : i64, zero_lines = array<i64: 1, 0>}
func.func @convolution(%x: tensor<2x4x2xf32>) -> tensor<2x4x2xf32> {
  %w = inlay.constant "w" dense<[[[[1.0], [2.0]], [[3.0], [4.0]]], [[[5.0], [6.0]], [[7.0], [8.0]]]]> : tensor<2x2x2x1xf32>
  %0 = inlay.pad %x low [1, 0, 0] high [0, 0, 0] value 0.0 : (tensor<2x4x2xf32>) -> tensor<3x4x2xf32>
  %1 = inlay.conv2d_nhwc "c1" %0, %w <kernel = 2 by 1, stride = 1 by 1, dilation = 1 by 1>
         : (tensor<3x4x2xf32>, tensor<2x2x2x1xf32>) -> tensor<2x4x2xf32>
  return %1 : tensor<2x4x2xf32>
}

// -----

// Zero times an infinite weight is NaN, so no line is left out.
// CHECK-LABEL: func.func @infinite_weight
// CHECK: inlay.contraction "c1"
// CHECK-NOT: zero_lines
func.func @infinite_weight(%x: tensor<2x4x1xf32>) -> tensor<2x4x1xf32> {
  %w = inlay.constant "w" dense<[[[[1.0], [0x7F800000]]]]> : tensor<1x1x2x1xf32>
  %0 = inlay.pad %x low [1, 0, 0] high [0, 0, 0] value 0.0 : (tensor<2x4x1xf32>) -> tensor<3x4x1xf32>
  %1 = inlay.conv2d_nhwc "c1" %0, %w <kernel = 2 by 1, stride = 1 by 1, dilation = 1 by 1>
         : (tensor<3x4x1xf32>, tensor<1x1x2x1xf32>) -> tensor<2x4x1xf32>
  return %1 : tensor<2x4x1xf32>
}

// -----

// Neither can the weights of a depthwise convolution depend on an input.
func.func @computed_taps(%x: tensor<4x4x2xf32>, %w: tensor<4x2xf32>) -> tensor<3x3x2xf32> {
  // expected-error @+1 {{layer 'dw': weight must be a constant, because it is packed at compile time}}
  %0 = inlay.window "dw" weighted %x weight(%w) <kernel = 2 by 2, stride = 1 by 1, dilation = 1 by 1>
         : (tensor<4x4x2xf32>, tensor<4x2xf32>) -> tensor<3x3x2xf32>
  return %0 : tensor<3x3x2xf32>
}

// -----

func.func @computed_bias(%x: tensor<4x4x2xf32>, %b: tensor<2xf32>) -> tensor<3x3x2xf32> {
  %w = inlay.constant "w" dense<1.0> : tensor<4x2xf32>
  // expected-error @+1 {{layer 'dw': bias must be a constant, because it is packed at compile time}}
  %0 = inlay.window "dw" weighted %x weight(%w) bias(%b) <kernel = 2 by 2, stride = 1 by 1, dilation = 1 by 1>
         : (tensor<4x4x2xf32>, tensor<4x2xf32>, tensor<2xf32>) -> tensor<3x3x2xf32>
  return %0 : tensor<3x3x2xf32>
}
