// RUN: inlay-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(canonicalize,func.func(inlay-fold-constants,inlay-fold-scalars),canonicalize)' | FileCheck %s

// Values that depend on weights alone are computed at compile time.

// CHECK-LABEL: func.func @reshape_of_a_constant
// CHECK-NEXT: %[[C:.*]] = inlay.constant dense<[1.000000e+00, 2.000000e+00, 3.000000e+00, 4.000000e+00]> : tensor<4xf32>
// CHECK-NEXT: return %[[C]]
func.func @reshape_of_a_constant(%x: tensor<4xf32>) -> tensor<4xf32> {
  %w = inlay.constant "w" dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %m = inlay.reshape %x : (tensor<4xf32>) -> tensor<2x2xf32>
  %y = inlay.map(%m, %w) : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32> {
  ^bb0(%a: f32, %b: f32):
    %zero = arith.constant 0.0 : f32
    %0 = arith.cmpf ogt, %a, %zero : f32
    %1 = arith.select %0, %b, %b : f32
    inlay.yield %1 : f32
  }
  %r = inlay.reshape %y : (tensor<2x2xf32>) -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

// The right values are 0.75 = (2 + 1) / 4 and exp(0) = 1.
// CHECK-LABEL: func.func @operations
// CHECK-DAG: inlay.constant dense<[7.500000e-01, 2.500000e-01, 1.000000e+00, 1.000000e+00]> : tensor<4xf32>
// CHECK-DAG: inlay.constant dense<[3.500000e+00, 8.500000e+00]> : tensor<2xf32>
// CHECK-NOT: inlay.map
// CHECK-NOT: inlay.softmax
// CHECK-NOT: inlay.dense
func.func @operations() -> (tensor<4xf32>, tensor<2xf32>) {
  %logits = inlay.constant dense<[1.09861229, 0.0]> : tensor<2xf32>
  %zero = inlay.constant dense<0.0> : tensor<2xf32>
  %p = inlay.softmax %logits : tensor<2xf32>
  %e = inlay.map(%zero) : (tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%a: f32):
    %0 = inlay.activation "exp"(%a) : f32
    inlay.yield %0 : f32
  }
  %both = inlay.concat(%p, %e) axis 0 : (tensor<2xf32>, tensor<2xf32>) -> tensor<4xf32>
  %x = inlay.constant dense<[1.0, 1.0]> : tensor<2xf32>
  %w = inlay.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %b = inlay.constant dense<[0.5, 1.5]> : tensor<2xf32>
  %y = inlay.dense "fc" %x, %w bias(%b) : (tensor<2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %both, %y : tensor<4xf32>, tensor<2xf32>
}

// -----

// A bias that depends on an input is added at run time.
// CHECK-LABEL: func.func @computed_bias
// CHECK: %[[Y:.*]] = inlay.dense "fc" %arg0, %{{.*}} : (tensor<2xf32>, tensor<2x2xf32>)
// CHECK: inlay.map(%[[Y]], %arg0)
// CHECK: arith.addf
func.func @computed_bias(%x: tensor<2xf32>) -> tensor<2xf32> {
  %w = inlay.constant "w" dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %y = inlay.dense "fc" %x, %w bias(%x) : (tensor<2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

func.func @computed_weight(%x: tensor<4xf32>) -> tensor<2xf32> {
  %u = inlay.constant "u" dense<[1.0, 2.0]> : tensor<2xf32>
  %w = inlay.reshape %x : (tensor<4xf32>) -> tensor<2x2xf32>
  // expected-error@+1 {{layer 'hyper': the weight depends on an input, and inlayc packs weights at compile time: make it of parameters and constants alone}}
  %y = inlay.dense "hyper" %u, %w : (tensor<2xf32>, tensor<2x2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

func.func @computed_kernel(%x: tensor<1x3x4xf32>) -> tensor<1x1x1xf32> {
  %w = inlay.reshape %x : (tensor<1x3x4xf32>) -> tensor<1x1x3x4xf32>
  // expected-error@+1 {{layer 'hyper': the weight depends on an input, and inlayc packs weights at compile time: make it of parameters and constants alone}}
  %y = inlay.conv2d "hyper" %x, %w {stride_h = 1 : i64, stride_w = 1 : i64, padding_top = 0 : i64, padding_left = 0 : i64,
         padding_bottom = 0 : i64, padding_right = 0 : i64, dilation_h = 1 : i64, dilation_w = 1 : i64, groups = 1 : i64}
         : (tensor<1x3x4xf32>, tensor<1x1x3x4xf32>) -> tensor<1x1x1xf32>
  return %y : tensor<1x1x1xf32>
}

// -----

// The bias of a convolution has one element for each channel.
// CHECK-LABEL: func.func @computed_bias_of_convolution
// CHECK: %[[Y:.*]] = inlay.conv2d "c1" %arg0, %{{[^ ]*}} {{[{]}}
// CHECK: %[[B:.*]] = inlay.reshape %arg1 : (tensor<2xf32>) -> tensor<2x1x1xf32>
// CHECK: inlay.map(%[[Y]], %[[B]]) : (tensor<2x3x3xf32>, tensor<2x1x1xf32>) -> tensor<2x3x3xf32>
func.func @computed_bias_of_convolution(%x: tensor<1x3x4xf32>, %b: tensor<2xf32>) -> tensor<2x3x3xf32> {
  %w = inlay.constant "c1.weight" dense<1.0> : tensor<2x1x1x2xf32>
  %y = inlay.conv2d "c1" %x, %w bias(%b) {stride_h = 1 : i64, stride_w = 1 : i64, padding_top = 0 : i64, padding_left = 0 : i64,
         padding_bottom = 0 : i64, padding_right = 0 : i64, dilation_h = 1 : i64, dilation_w = 1 : i64, groups = 1 : i64}
         : (tensor<1x3x4xf32>, tensor<2x1x1x2xf32>, tensor<2xf32>) -> tensor<2x3x3xf32>
  return %y : tensor<2x3x3xf32>
}

// -----

// A constant whose elements are all equal becomes a literal. A large one that must be an output is written at run time.
// CHECK-LABEL: func.func @repeated_numbers
// CHECK: %[[ONE:.*]] = inlay.constant "many" dense<2.500000e-01> : tensor<1xf32>
// CHECK: %[[MANY:.*]] = inlay.map(%[[ONE]]) : (tensor<1xf32>) -> tensor<5000xf32>
// CHECK: inlay.map(%arg0) : (tensor<5000xf32>)
// CHECK-DAG: arith.constant 2.500000e-01
// CHECK-DAG: arith.constant 5.000000e-01
// CHECK: return %{{.*}}, %[[MANY]]
func.func @repeated_numbers(%x: tensor<5000xf32>) -> (tensor<5000xf32>, tensor<5000xf32>) {
  %many = inlay.constant "many" dense<0.25> : tensor<5000xf32>
  %one = inlay.constant "one" dense<0.5> : tensor<1xf32>
  %y = inlay.map(%x, %many, %one) : (tensor<5000xf32>, tensor<5000xf32>, tensor<1xf32>) -> tensor<5000xf32> {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %0, %c : f32
    inlay.yield %1 : f32
  }
  return %y, %many : tensor<5000xf32>, tensor<5000xf32>
}

// -----

// The means of 1, 2, 6 and of -1, 0, 4 are 3 and 1.
// CHECK-LABEL: func.func @reduction_of_weights
// CHECK: inlay.constant dense<[3.000000e+00, 1.000000e+00]> : tensor<2xf32>
// CHECK-NOT: inlay.reduce
func.func @reduction_of_weights() -> tensor<2xf32> {
  %w = inlay.constant "w" dense<[[1.0, 2.0, 6.0], [-1.0, 0.0, 4.0]]> : tensor<2x3xf32>
  %m = inlay.reduce %w {kind = 1 : i64, axes = 2 : i64, keepdim = 0 : i64} : (tensor<2x3xf32>) -> tensor<2xf32>
  return %m : tensor<2xf32>
}

// -----

// Of -1 and 3 the mean is 1 and the deviation 2: standardised weights are constants.
// CHECK-LABEL: func.func @norm_of_weights
// CHECK: inlay.constant dense<[-1.000000e+00, 1.000000e+00]> : tensor<2xf32>
// CHECK-NOT: inlay.normalize
func.func @norm_of_weights() -> tensor<2xf32> {
  %w = inlay.constant "w" dense<[-1.0, 3.0]> : tensor<2xf32>
  %m = inlay.normalize %w {axis = 0 : i64, groups = 1 : i64, eps = 0 : i64, centred = 1 : i64} : (tensor<2xf32>) -> tensor<2xf32>
  return %m : tensor<2xf32>
}

// -----

// Weights that are padded and resampled. The right values are 1/2 * 2 + 1/4 * 4, and 4 alone.
// CHECK-LABEL: func.func @resampled_weights
// CHECK-DAG: inlay.constant dense<[9.000000e+00, 2.000000e+00, 4.000000e+00, 9.000000e+00, 9.000000e+00]> : tensor<5xf32>
// CHECK-DAG: inlay.constant dense<[2.000000e+00, 4.000000e+00]> : tensor<2xf32>
// CHECK-NOT: inlay.pad
// CHECK-NOT: inlay.resample
func.func @resampled_weights() -> (tensor<5xf32>, tensor<2xf32>) {
  %w = inlay.constant "w" dense<[2.0, 4.0]> : tensor<2xf32>
  %shares = inlay.constant dense<[[0.5, 0.25], [1.0, 0.0]]> : tensor<2x2xf32>
  %0 = inlay.pad %w low [1] high [2] value 9.0 : (tensor<2xf32>) -> tensor<5xf32>
  %1 = inlay.resample %w weight(%shares) axis 0 from [0, 1, 1, -1] : (tensor<2xf32>, tensor<2x2xf32>) -> tensor<2xf32>
  return %0, %1 : tensor<5xf32>, tensor<2xf32>
}
