// RUN: inlay-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(func.func(inlay-fold-linear))'

// The remarks on two dense layers with nothing nonlinear between them.

func.func @folded(%x: tensor<2xf32>) -> tensor<1xf32> {
  %w1 = inlay.constant "w1" dense<2.0> : tensor<3x2xf32>
  %w2 = inlay.constant "w2" dense<3.0> : tensor<1x3xf32>
  %h = inlay.dense "a" %x, %w1 : (tensor<2xf32>, tensor<3x2xf32>) -> tensor<3xf32>
  // expected-remark@+1 {{network 'folded': layer 'b' follows layer 'a' with no activation between them. Two linear layers are one: 2 -> 3 -> 1 can express no more than a dense layer 2 -> 1, which takes 2 multiply-adds instead of 9: inlayc makes one layer of them, whose weights are multiplied in double and rounded once; results differ by rounding. If both are meant to count, put an activation between them}}
  %y = inlay.dense "b" %h, %w2 : (tensor<3xf32>, tensor<1x3xf32>) -> tensor<1xf32>
  return %y : tensor<1xf32>
}

// -----

func.func @more_work(%x: tensor<4xf32>) -> tensor<4xf32> {
  %w1 = inlay.constant "w1" dense<2.0> : tensor<1x4xf32>
  %w2 = inlay.constant "w2" dense<3.0> : tensor<4x1xf32>
  %h = inlay.dense "a" %x, %w1 : (tensor<4xf32>, tensor<1x4xf32>) -> tensor<1xf32>
  // expected-remark@+1 {{4 -> 1 -> 4 can express no more than a dense layer 4 -> 4 with a matrix of rank 1. inlayc keeps both, because one would take 16 multiply-adds instead of 8. If the low rank is not intended, put an activation between them}}
  %y = inlay.dense "b" %h, %w2 : (tensor<1xf32>, tensor<4x1xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// As the stem of a residual block: the first layer has another reader, so both layers are needed, without a remark.
func.func @other_readers(%x: tensor<2xf32>) -> (tensor<1xf32>, tensor<3xf32>) {
  %w1 = inlay.constant "w1" dense<2.0> : tensor<3x2xf32>
  %w2 = inlay.constant "w2" dense<3.0> : tensor<1x3xf32>
  %h = inlay.dense "a" %x, %w1 : (tensor<2xf32>, tensor<3x2xf32>) -> tensor<3xf32>
  %y = inlay.dense "b" %h, %w2 : (tensor<3xf32>, tensor<1x3xf32>) -> tensor<1xf32>
  return %y, %h : tensor<1xf32>, tensor<3xf32>
}

// -----

func.func @overflow(%x: tensor<2xf32>) -> tensor<1xf32> {
  %w1 = inlay.constant "w1" dense<1.0e30> : tensor<3x2xf32>
  %w2 = inlay.constant "w2" dense<1.0e30> : tensor<1x3xf32>
  %h = inlay.dense "a" %x, %w1 : (tensor<2xf32>, tensor<3x2xf32>) -> tensor<3xf32>
  // expected-remark@+1 {{inlayc keeps both, because a weight of the product would not be finite}}
  %y = inlay.dense "b" %h, %w2 : (tensor<3xf32>, tensor<1x3xf32>) -> tensor<1xf32>
  return %y : tensor<1xf32>
}

// -----

func.func @weights_are_arguments(%x: tensor<2xf32>, %w1: tensor<3x2xf32>) -> tensor<1xf32> {
  %w2 = inlay.constant "w2" dense<3.0> : tensor<1x3xf32>
  %h = inlay.dense "a" %x, %w1 : (tensor<2xf32>, tensor<3x2xf32>) -> tensor<3xf32>
  // expected-remark@+1 {{inlayc keeps both, because not all weights are constants}}
  %y = inlay.dense "b" %h, %w2 : (tensor<3xf32>, tensor<1x3xf32>) -> tensor<1xf32>
  return %y : tensor<1xf32>
}

// -----

// An activation between them: no remark.
func.func @activated(%x: tensor<2xf32>) -> tensor<1xf32> {
  %w1 = inlay.constant "w1" dense<2.0> : tensor<3x2xf32>
  %w2 = inlay.constant "w2" dense<3.0> : tensor<1x3xf32>
  %h = inlay.dense "a" %x, %w1 : (tensor<2xf32>, tensor<3x2xf32>) -> tensor<3xf32>
  %r = inlay.map(%h) : (tensor<3xf32>) -> tensor<3xf32> {
  ^bb0(%a: f32):
    %0 = inlay.activation "relu"(%a) : f32
    inlay.yield %0 : f32
  }
  %y = inlay.dense "b" %r, %w2 : (tensor<3xf32>, tensor<1x3xf32>) -> tensor<1xf32>
  return %y : tensor<1xf32>
}

// -----

// A matrix in the source has no name and is linear on purpose, so the remark gives no advice.
func.func @matrix_in_the_source(%x: tensor<2xf32>) -> tensor<1xf32> {
  %w1 = inlay.constant dense<2.0> : tensor<3x2xf32>
  %w2 = inlay.constant "w2" dense<3.0> : tensor<1x3xf32>
  %h = inlay.dense "a" %x, %w1 : (tensor<2xf32>, tensor<3x2xf32>) -> tensor<3xf32>
  // expected-remark-re@+1 {{{{^}}network 'matrix_in_the_source': layer 'b' follows layer 'a' with no activation between them: inlayc makes one layer of them, whose weights are multiplied in double and rounded once; results differ by rounding{{$}}}}
  %y = inlay.dense "b" %h, %w2 : (tensor<3xf32>, tensor<1x3xf32>) -> tensor<1xf32>
  return %y : tensor<1xf32>
}

// -----

func.func @matrix_in_the_source_of_low_rank(%x: tensor<4xf32>) -> tensor<4xf32> {
  %w1 = inlay.constant dense<2.0> : tensor<1x4xf32>
  %w2 = inlay.constant "w2" dense<3.0> : tensor<4x1xf32>
  %h = inlay.dense "a" %x, %w1 : (tensor<4xf32>, tensor<1x4xf32>) -> tensor<1xf32>
  %y = inlay.dense "b" %h, %w2 : (tensor<1xf32>, tensor<4x1xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// x - 1000 is exact near 1000, but the folded form is not.
func.func @large_bias(%x: tensor<2xf32>) -> tensor<1xf32> {
  %w1 = inlay.constant "w1" dense<[[1.0, 0.0], [0.0, 1.0]]> : tensor<2x2xf32>
  %b1 = inlay.constant "b1" dense<-1000.0> : tensor<2xf32>
  %w2 = inlay.constant "w2" dense<[[3.0, -3.0]]> : tensor<1x2xf32>
  %h = inlay.dense "a" %x, %w1 bias(%b1) : (tensor<2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<2xf32>
  // expected-remark@+1 {{Put an activation between them. inlayc keeps both, because its rounding error could be 1001 times as large}}
  %y = inlay.dense "b" %h, %w2 : (tensor<2xf32>, tensor<1x2xf32>) -> tensor<1xf32>
  return %y : tensor<1xf32>
}

// -----

func.func @underflow(%x: tensor<2xf32>) -> tensor<1xf32> {
  %w1 = inlay.constant "w1" dense<1.0e-25> : tensor<3x2xf32>
  %w2 = inlay.constant "w2" dense<1.0e-25> : tensor<1x3xf32>
  %h = inlay.dense "a" %x, %w1 : (tensor<2xf32>, tensor<3x2xf32>) -> tensor<3xf32>
  // expected-remark@+1 {{inlayc keeps both, because weights of the product would be too small for the type that stores them}}
  %y = inlay.dense "b" %h, %w2 : (tensor<3xf32>, tensor<1x3xf32>) -> tensor<1xf32>
  return %y : tensor<1xf32>
}

// -----

// 3e38 is finite, but the sum of two products with it is not.
func.func @no_room_for_sums(%x: tensor<2xf32>) -> tensor<1xf32> {
  %w1 = inlay.constant "w1" dense<1.0e19> : tensor<3x2xf32>
  %w2 = inlay.constant "w2" dense<1.0e19> : tensor<1x3xf32>
  %h = inlay.dense "a" %x, %w1 : (tensor<2xf32>, tensor<3x2xf32>) -> tensor<3xf32>
  // expected-remark@+1 {{inlayc keeps both, because a weight of the product would be so large that sums overflow}}
  %y = inlay.dense "b" %h, %w2 : (tensor<3xf32>, tensor<1x3xf32>) -> tensor<1xf32>
  return %y : tensor<1xf32>
}
