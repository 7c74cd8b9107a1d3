// RUN: inlay-opt %s --pass-pipeline='builtin.module(func.func(inlay-fuse-epilogue))' | FileCheck %s

// CHECK-LABEL: func.func @activation_moves_into_the_layer
// CHECK: inlay.dense "fc1" %arg0, %arg1
// CHECK-NEXT: ^bb0(%[[SUM:.*]]: f32):
// CHECK-NEXT: inlay.activation "relu"(%[[SUM]])
// CHECK-NOT: inlay.map
func.func @activation_moves_into_the_layer(%x: tensor<5xf32>, %w: tensor<7x5xf32>) -> tensor<7xf32> {
  %0 = inlay.dense "fc1" %x, %w : (tensor<5xf32>, tensor<7x5xf32>) -> tensor<7xf32>
  %1 = inlay.map(%0) : (tensor<7xf32>) -> tensor<7xf32> {
  ^bb0(%a: f32):
    %2 = inlay.activation "relu"(%a) : f32
    inlay.yield %2 : f32
  }
  return %1 : tensor<7xf32>
}

// If two layers are added, the later one absorbs the sum and takes the earlier one as an operand.
// CHECK-LABEL: func.func @residual_between_two_layers
// CHECK: %[[FIRST:.*]] = inlay.dense "fc1"
// CHECK: inlay.dense "fc2" %arg0, %arg1 with(%[[FIRST]])
// CHECK-NEXT: ^bb0(%[[SUM:.*]]: f32, %[[R:.*]]: f32):
// CHECK-NEXT: arith.addf %[[R]], %[[SUM]]
// CHECK-NOT: inlay.map
func.func @residual_between_two_layers(%x: tensor<5xf32>, %w: tensor<7x5xf32>) -> tensor<7xf32> {
  %0 = inlay.dense "fc1" %x, %w : (tensor<5xf32>, tensor<7x5xf32>) -> tensor<7xf32>
  %1 = inlay.dense "fc2" %x, %w : (tensor<5xf32>, tensor<7x5xf32>) -> tensor<7xf32>
  %2 = inlay.map(%0, %1) : (tensor<7xf32>, tensor<7xf32>) -> tensor<7xf32> {
  ^bb0(%a: f32, %b: f32):
    %3 = arith.addf %a, %b : f32
    inlay.yield %3 : f32
  }
  return %2 : tensor<7xf32>
}

// CHECK-LABEL: func.func @keeps_a_layer_that_is_read_twice
// CHECK: inlay.dense
// CHECK: inlay.map
func.func @keeps_a_layer_that_is_read_twice(%x: tensor<5xf32>, %w: tensor<7x5xf32>) -> (tensor<7xf32>, tensor<7xf32>) {
  %0 = inlay.dense "fc1" %x, %w : (tensor<5xf32>, tensor<7x5xf32>) -> tensor<7xf32>
  %1 = inlay.map(%0) : (tensor<7xf32>) -> tensor<7xf32> {
  ^bb0(%a: f32):
    %2 = inlay.activation "relu"(%a) : f32
    inlay.yield %2 : f32
  }
  return %0, %1 : tensor<7xf32>, tensor<7xf32>
}

// -----

// Weight, bias, activation and residual of a norm run on each element before its only store.
// CHECK-LABEL: func.func @affine_of_a_norm
// CHECK: %[[Y:.*]] = inlay.normalize %arg0 with(%arg1, %arg2) {
// CHECK: ^bb0(%[[N:.*]]: f32, %[[W:.*]]: f32, %[[R:.*]]: f32):
// CHECK: arith.mulf %[[N]], %[[W]]
// CHECK: arith.addf %{{.*}}, %[[R]]
// CHECK-NOT: inlay.map
func.func @affine_of_a_norm(%x: tensor<3x4xf32>, %w: tensor<4xf32>, %r: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %0 = inlay.normalize %x {axis = 1 : i64, groups = 1 : i64, eps = 0 : i64, centred = 1 : i64} : (tensor<3x4xf32>) -> tensor<3x4xf32>
  %1 = inlay.map(%0, %w, %r) : (tensor<3x4xf32>, tensor<4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32> {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %2 = arith.mulf %a, %b : f32
    %3 = arith.addf %2, %c : f32
    inlay.yield %3 : f32
  }
  return %1 : tensor<3x4xf32>
}
