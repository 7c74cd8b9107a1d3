// RUN: inlay-opt %s --pass-pipeline='builtin.module(func.func(inlay-split-layers),canonicalize)' -split-input-file | FileCheck %s

// Three gates of 3 features with 4 lanes: the second one begins inside of a vector. Each becomes a layer, with its rows of
// the weight and of the bias. What the layer adds to its sums is cut, too, so that the layer before it follows.
// CHECK-LABEL: func.func @gates
// CHECK-DAG: %[[W:.*]] = inlay.constant dense<{{\[\[}}3.000000e+00], [4.000000e+00]]> : tensor<2x1xf32>
// CHECK-DAG: %[[B:.*]] = inlay.constant dense<[3.000000e+01, 4.000000e+01]> : tensor<2xf32>
// CHECK-NOT: inlay.slice
// CHECK: inlay.dense "hh" %arg1, %[[W]] bias(%[[B]]) with(%{{.*}}) : (tensor<1xf32>, tensor<2x1xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32> {
// CHECK: arith.addf
// CHECK-NOT: inlay.slice
func.func @gates(%x: tensor<1xf32>, %h: tensor<1xf32>) -> (tensor<3xf32>, tensor<2xf32>) attributes {inlay.target = #inlay.target<lanes = 4, registers = 16>} {
  %w = inlay.constant "w" dense<[[0.0], [1.0], [2.0], [3.0], [4.0]]> : tensor<5x1xf32>
  %b = inlay.constant "b" dense<[0.0, 10.0, 20.0, 30.0, 40.0]> : tensor<5xf32>
  %0 = inlay.dense "ih" %x, %w : (tensor<1xf32>, tensor<5x1xf32>) -> tensor<5xf32>
  %1 = inlay.dense "hh" %h, %w bias(%b) with(%0) : (tensor<1xf32>, tensor<5x1xf32>, tensor<5xf32>, tensor<5xf32>) -> tensor<5xf32> {
  ^bb0(%sum: f32, %extra: f32):
    %4 = arith.addf %sum, %extra : f32
    inlay.yield %4 : f32
  }
  %2 = inlay.slice %1 axis 0 from 0 length 3 : (tensor<5xf32>) -> tensor<3xf32>
  %3 = inlay.slice %1 axis 0 from 3 length 2 : (tensor<5xf32>) -> tensor<2xf32>
  return %2, %3 : tensor<3xf32>, tensor<2xf32>
}

// -----

// Gates that begin with a vector stay together, and so does a layer that something reads as a whole.
// CHECK-LABEL: func.func @aligned
// CHECK-COUNT-1: inlay.dense
// CHECK-NOT: inlay.dense
func.func @aligned(%x: tensor<1xf32>) -> (tensor<4xf32>, tensor<2xf32>) attributes {inlay.target = #inlay.target<lanes = 4, registers = 16>} {
  %w = inlay.constant "w" dense<1.0> : tensor<6x1xf32>
  %0 = inlay.dense "ih" %x, %w : (tensor<1xf32>, tensor<6x1xf32>) -> tensor<6xf32>
  %1 = inlay.slice %0 axis 0 from 0 length 4 : (tensor<6xf32>) -> tensor<4xf32>
  %2 = inlay.slice %0 axis 0 from 4 length 2 : (tensor<6xf32>) -> tensor<2xf32>
  return %1, %2 : tensor<4xf32>, tensor<2xf32>
}

// -----

// CHECK-LABEL: func.func @read_whole
// CHECK-COUNT-1: inlay.dense
// CHECK-NOT: inlay.dense
func.func @read_whole(%x: tensor<1xf32>) -> (tensor<3xf32>, tensor<6xf32>) attributes {inlay.target = #inlay.target<lanes = 4, registers = 16>} {
  %w = inlay.constant "w" dense<1.0> : tensor<6x1xf32>
  %0 = inlay.dense "ih" %x, %w : (tensor<1xf32>, tensor<6x1xf32>) -> tensor<6xf32>
  %1 = inlay.slice %0 axis 0 from 3 length 3 : (tensor<6xf32>) -> tensor<3xf32>
  %2 = inlay.softmax %0 : tensor<6xf32>
  return %1, %2 : tensor<3xf32>, tensor<6xf32>
}
