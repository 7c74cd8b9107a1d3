// RUN: inlay-opt %s --split-input-file --pass-pipeline='builtin.module(func.func(inlay-fold-constants,inlay-fold-linear,inlay-fold-scalars),canonicalize)' | FileCheck %s

// Normalisation of an input: (x - mean) / deviation.
// CHECK-LABEL: func.func @normalised_input
// CHECK-NOT: inlay.map
// CHECK-DAG: inlay.constant "w" dense<{{\[}}[5.000000e-01, 4.000000e+00]]> : tensor<1x2xf32>
// CHECK-DAG: inlay.constant "b" dense<-5.500000e+00> : tensor<1xf32>
// CHECK: inlay.dense "fc" %arg0,
func.func @normalised_input(%x: tensor<2xf32>) -> tensor<1xf32> {
  %mean = inlay.constant "mean" dense<[1.0, 1.5]> : tensor<2xf32>
  %deviation = inlay.constant "deviation" dense<[2.0, 0.5]> : tensor<2xf32>
  %w = inlay.constant "w" dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %b = inlay.constant "b" dense<[1.0]> : tensor<1xf32>
  %n = inlay.map(%x, %mean, %deviation) : (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%a: f32, %m: f32, %d: f32):
    %0 = arith.subf %a, %m : f32
    %1 = arith.divf %0, %d : f32
    inlay.yield %1 : f32
  }
  %y = inlay.dense "fc" %n, %w bias(%b) : (tensor<2xf32>, tensor<1x2xf32>, tensor<1xf32>) -> tensor<1xf32>
  return %y : tensor<1xf32>
}

// -----

// Batch norm before an activation is folded into weight and bias; the activation stays.
// CHECK-LABEL: func.func @batch_norm_after
// CHECK-DAG: inlay.constant "w" dense<{{\[}}[2.000000e+00], [8.000000e+00]]> : tensor<2x1xf32>
// CHECK-DAG: inlay.constant dense<[-1.000000e+00, -6.000000e+00]> : tensor<2xf32>
// CHECK: %[[Y:.*]] = inlay.dense "fc" %arg0,
// CHECK-NEXT: inlay.map(%[[Y]]) : (tensor<2xf32>)
// CHECK-NEXT: ^bb0(%[[A:.*]]: f32):
// CHECK-NEXT: inlay.activation "relu"(%[[A]])
// CHECK-NEXT: inlay.yield
func.func @batch_norm_after(%x: tensor<1xf32>) -> tensor<2xf32> {
  %w = inlay.constant "w" dense<[[1.0], [2.0]]> : tensor<2x1xf32>
  %mean = inlay.constant "mean" dense<[1.0, 2.0]> : tensor<2xf32>
  %variance = inlay.constant "variance" dense<[0.75, 0.0]> : tensor<2xf32>
  %weight = inlay.constant "weight" dense<2.0> : tensor<2xf32>
  %bias = inlay.constant "bias" dense<[1.0, 2.0]> : tensor<2xf32>
  %z = inlay.dense "fc" %x, %w : (tensor<1xf32>, tensor<2x1xf32>) -> tensor<2xf32>
  %y = inlay.map(%z, %mean, %variance, %weight, %bias)
         : (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%a: f32, %m: f32, %v: f32, %g: f32, %b: f32):
    %eps = arith.constant 0.25 : f32
    %0 = arith.subf %a, %m : f32
    %1 = arith.addf %v, %eps : f32
    %2 = inlay.activation "rsqrt"(%1) : f32
    %3 = arith.mulf %2, %g : f32
    %4 = arith.mulf %0, %3 : f32
    %5 = arith.addf %4, %b : f32
    %6 = inlay.activation "relu"(%5) : f32
    inlay.yield %6 : f32
  }
  return %y : tensor<2xf32>
}

// -----

// The sum has a second reader, so it must not be scaled.
// CHECK-LABEL: func.func @sum_is_read_twice
// CHECK: inlay.constant "w" dense<1.000000e+00>
// CHECK: arith.mulf
func.func @sum_is_read_twice(%x: tensor<1xf32>) -> tensor<2xf32> {
  %w = inlay.constant "w" dense<1.0> : tensor<2x1xf32>
  %z = inlay.dense "fc" %x, %w : (tensor<1xf32>, tensor<2x1xf32>) -> tensor<2xf32>
  %y = inlay.map(%z) : (tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%a: f32):
    %two = arith.constant 2.0 : f32
    %0 = arith.mulf %a, %two : f32
    %1 = inlay.activation "relu"(%0) : f32
    %2 = arith.addf %1, %a : f32
    inlay.yield %2 : f32
  }
  return %y : tensor<2xf32>
}

// -----

// Without a dense layer beside it, only the constants are combined.
// CHECK-LABEL: func.func @constants_alone
// CHECK: %[[C:.*]] = inlay.constant dense<[1.000000e+00, 5.000000e-01]>
// CHECK: inlay.map(%arg0, %[[C]])
// CHECK-NEXT: ^bb0(%[[A:.*]]: f32, %[[F:.*]]: f32):
// CHECK-NEXT: arith.mulf %[[A]], %[[F]]
// CHECK-NEXT: inlay.yield
func.func @constants_alone(%x: tensor<2xf32>) -> tensor<2xf32> {
  %variance = inlay.constant "variance" dense<[1.0, 4.0]> : tensor<2xf32>
  %y = inlay.map(%x, %variance) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%a: f32, %v: f32):
    %0 = inlay.activation "rsqrt"(%v) : f32
    %1 = arith.mulf %a, %0 : f32
    inlay.yield %1 : f32
  }
  return %y : tensor<2xf32>
}

// -----

// x - 1000 is exact near 1000, but weight * x - weight * 1000 is not.
// CHECK-LABEL: func.func @subtracts_too_much
// CHECK: inlay.map
// CHECK: inlay.dense "fc"
func.func @subtracts_too_much(%x: tensor<2xf32>) -> tensor<1xf32> {
  %mean = inlay.constant "mean" dense<1000.0> : tensor<2xf32>
  %w = inlay.constant "w" dense<1.0> : tensor<1x2xf32>
  %n = inlay.map(%x, %mean) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%a: f32, %m: f32):
    %0 = arith.subf %a, %m : f32
    inlay.yield %0 : f32
  }
  %y = inlay.dense "fc" %n, %w : (tensor<2xf32>, tensor<1x2xf32>) -> tensor<1xf32>
  return %y : tensor<1xf32>
}

// -----

// A weight of 1 / 0 would make NaN of inputs that are zero.
// CHECK-LABEL: func.func @not_finite
// CHECK: inlay.map
func.func @not_finite(%x: tensor<1xf32>) -> tensor<1xf32> {
  %w = inlay.constant "w" dense<1.0> : tensor<1x1xf32>
  %zero = inlay.constant "zero" dense<0.0> : tensor<1xf32>
  %n = inlay.map(%x, %zero) : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32> {
  ^bb0(%a: f32, %z: f32):
    %0 = arith.divf %a, %z : f32
    inlay.yield %0 : f32
  }
  %y = inlay.dense "fc" %n, %w : (tensor<1xf32>, tensor<1x1xf32>) -> tensor<1xf32>
  return %y : tensor<1xf32>
}

// -----

// 3 -> 2 -> 1 becomes 3 -> 1.
// CHECK-LABEL: func.func @two_layers
// CHECK-DAG: inlay.constant "w2" dense<{{\[}}[1.000000e+01, 1.250000e+01, 1.500000e+01]]> : tensor<1x3xf32>
// CHECK-DAG: inlay.constant "b2" dense<5.000000e+00> : tensor<1xf32>
// CHECK: inlay.dense "fc1+fc2" %arg0,
// CHECK-NOT: inlay.dense
func.func @two_layers(%x: tensor<3xf32>) -> tensor<1xf32> {
  %w1 = inlay.constant "w1" dense<[[1.0, 2.0, 3.0], [3.0, 3.5, 4.0]]> : tensor<2x3xf32>
  %b1 = inlay.constant "b1" dense<[1.0, 1.0]> : tensor<2xf32>
  %w2 = inlay.constant "w2" dense<[[1.0, 3.0]]> : tensor<1x2xf32>
  %b2 = inlay.constant "b2" dense<[1.0]> : tensor<1xf32>
  %h = inlay.dense "fc1" %x, %w1 bias(%b1) : (tensor<3xf32>, tensor<2x3xf32>, tensor<2xf32>) -> tensor<2xf32>
  %y = inlay.dense "fc2" %h, %w2 bias(%b2) : (tensor<2xf32>, tensor<1x2xf32>, tensor<1xf32>) -> tensor<1xf32>
  return %y : tensor<1xf32>
}

// -----

// A bottleneck takes less work as two layers.
// CHECK-LABEL: func.func @bottleneck
// CHECK-COUNT-2: inlay.dense
func.func @bottleneck(%x: tensor<3xf32>) -> tensor<3xf32> {
  %w1 = inlay.constant dense<1.0> : tensor<1x3xf32>
  %w2 = inlay.constant dense<1.0> : tensor<3x1xf32>
  %h = inlay.dense "fc1" %x, %w1 : (tensor<3xf32>, tensor<1x3xf32>) -> tensor<1xf32>
  %y = inlay.dense "fc2" %h, %w2 : (tensor<1xf32>, tensor<3x1xf32>) -> tensor<3xf32>
  return %y : tensor<3xf32>
}

// -----

// Images from 0 to 255: the shift is 2 in units of the layer's input.
// CHECK-LABEL: func.func @images
// CHECK-NOT: inlay.map
// CHECK: inlay.dense "fc" %arg0,
func.func @images(%x: tensor<64xf32>) -> tensor<4xf32> {
  %mean = inlay.constant "mean" dense<127.0> : tensor<64xf32>
  %deviation = inlay.constant "deviation" dense<64.0> : tensor<64xf32>
  %w = inlay.constant "w" dense<0.125> : tensor<4x64xf32>
  %n = inlay.map(%x, %mean, %deviation) : (tensor<64xf32>, tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32> {
  ^bb0(%a: f32, %m: f32, %d: f32):
    %0 = arith.subf %a, %m : f32
    %1 = arith.divf %0, %d : f32
    inlay.yield %1 : f32
  }
  %y = inlay.dense "fc" %n, %w : (tensor<64xf32>, tensor<4x64xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// Kelvins: folding the shift of 58.6 would cost six bits.
// CHECK-LABEL: func.func @kelvins
// CHECK: inlay.map(%arg0)
// CHECK: inlay.dense "fc"
func.func @kelvins(%x: tensor<64xf32>) -> tensor<4xf32> {
  %w = inlay.constant "w" dense<0.125> : tensor<4x64xf32>
  %n = inlay.map(%x) : (tensor<64xf32>) -> tensor<64xf32> {
  ^bb0(%a: f32):
    %m = arith.constant 293.0 : f32
    %d = arith.constant 5.0 : f32
    %0 = arith.subf %a, %m : f32
    %1 = arith.divf %0, %d : f32
    inlay.yield %1 : f32
  }
  %y = inlay.dense "fc" %n, %w : (tensor<64xf32>, tensor<4x64xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// Inputs of 1e-6 before weights of 1e8: a shift of 1e-6 is large compared with the inputs.
// CHECK-LABEL: func.func @small_units
// CHECK: inlay.map(%arg0)
// CHECK: inlay.dense "fc"
func.func @small_units(%x: tensor<2xf32>) -> tensor<1xf32> {
  %w = inlay.constant "w" dense<[[1.0e8, -1.0e8]]> : tensor<1x2xf32>
  %n = inlay.map(%x) : (tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%a: f32):
    %m = arith.constant 4.0e-6 : f32
    %0 = arith.subf %a, %m : f32
    inlay.yield %0 : f32
  }
  %y = inlay.dense "fc" %n, %w : (tensor<2xf32>, tensor<1x2xf32>) -> tensor<1xf32>
  return %y : tensor<1xf32>
}

// -----

// A sum minus 1000 is exact near 1000, so only the scale is folded.
// CHECK-LABEL: func.func @large_shift_after
// CHECK-DAG: inlay.constant "w" dense<{{\[}}[2.000000e+00, 0.000000e+00], [0.000000e+00, 2.000000e+00]]>
// CHECK: inlay.dense "fc" %arg0,
// CHECK: inlay.map
// CHECK-NOT: arith.mulf
// CHECK: arith.subf
func.func @large_shift_after(%x: tensor<2xf32>) -> tensor<2xf32> {
  %w = inlay.constant "w" dense<[[1.0, 0.0], [0.0, 1.0]]> : tensor<2x2xf32>
  %z = inlay.dense "fc" %x, %w : (tensor<2xf32>, tensor<2x2xf32>) -> tensor<2xf32>
  %y = inlay.map(%z) : (tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%a: f32):
    %two = arith.constant 2.0 : f32
    %m = arith.constant 1000.0 : f32
    %0 = arith.mulf %a, %two : f32
    %1 = arith.subf %0, %m : f32
    inlay.yield %1 : f32
  }
  return %y : tensor<2xf32>
}

// -----

// 1e-25 * 1e-25 underflows in f32.
// CHECK-LABEL: func.func @scale_underflows
// CHECK: inlay.map
// CHECK: inlay.dense "fc"
func.func @scale_underflows(%x: tensor<2xf32>) -> tensor<1xf32> {
  %w = inlay.constant "w" dense<1.0e-25> : tensor<1x2xf32>
  %b = inlay.constant "b" dense<1.0> : tensor<1xf32>
  %n = inlay.map(%x) : (tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%a: f32):
    %s = arith.constant 1.0e-25 : f32
    %0 = arith.mulf %a, %s : f32
    inlay.yield %0 : f32
  }
  %y = inlay.dense "fc" %n, %w bias(%b) : (tensor<2xf32>, tensor<1x2xf32>, tensor<1xf32>) -> tensor<1xf32>
  return %y : tensor<1xf32>
}

// -----

// A row of weights that is almost 0 after training does not prevent folding.
// CHECK-LABEL: func.func @faded_row
// CHECK-NOT: inlay.map
// CHECK: inlay.dense "fc" %arg0,
// CHECK-NEXT: return
func.func @faded_row(%x: tensor<2xf32>) -> tensor<2xf32> {
  %w = inlay.constant "w" dense<[[1.0, 2.0], [1.0e-38, 1.0e-40]]> : tensor<2x2xf32>
  %z = inlay.dense "fc" %x, %w : (tensor<2xf32>, tensor<2x2xf32>) -> tensor<2xf32>
  %y = inlay.map(%z) : (tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%a: f32):
    %s = arith.constant 0.3 : f32
    %0 = arith.mulf %a, %s : f32
    inlay.yield %0 : f32
  }
  return %y : tensor<2xf32>
}
