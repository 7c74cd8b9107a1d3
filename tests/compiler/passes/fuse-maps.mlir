// RUN: inlay-opt %s --pass-pipeline='builtin.module(func.func(inlay-fuse-maps))' | FileCheck %s

// CHECK-LABEL: func.func @merges_a_chain
// CHECK: inlay.map(%arg0, %arg1)
// CHECK: %[[A:.*]] = inlay.activation "relu"
// CHECK: arith.addf %[[A]]
// CHECK-NOT: inlay.map
func.func @merges_a_chain(%x: tensor<7xf32>, %y: tensor<7xf32>) -> tensor<7xf32> {
  %0 = inlay.map(%x) : (tensor<7xf32>) -> tensor<7xf32> {
  ^bb0(%a: f32):
    %2 = inlay.activation "relu"(%a) : f32
    inlay.yield %2 : f32
  }
  %1 = inlay.map(%0, %y) : (tensor<7xf32>, tensor<7xf32>) -> tensor<7xf32> {
  ^bb0(%a: f32, %b: f32):
    %2 = arith.addf %a, %b : f32
    inlay.yield %2 : f32
  }
  return %1 : tensor<7xf32>
}

// An operand of both maps is loaded once.
// CHECK-LABEL: func.func @shares_operands
// CHECK: inlay.map(%arg0) : (tensor<7xf32>)
// CHECK-NEXT: ^bb0(%[[X:.*]]: f32):
// CHECK-NEXT: %[[S:.*]] = inlay.activation "sigmoid"(%[[X]])
// CHECK-NEXT: arith.mulf %[[S]], %[[X]]
func.func @shares_operands(%x: tensor<7xf32>) -> tensor<7xf32> {
  %0 = inlay.map(%x) : (tensor<7xf32>) -> tensor<7xf32> {
  ^bb0(%a: f32):
    %2 = inlay.activation "sigmoid"(%a) : f32
    inlay.yield %2 : f32
  }
  %1 = inlay.map(%0, %x) : (tensor<7xf32>, tensor<7xf32>) -> tensor<7xf32> {
  ^bb0(%a: f32, %b: f32):
    %2 = arith.mulf %a, %b : f32
    inlay.yield %2 : f32
  }
  return %1 : tensor<7xf32>
}

// CHECK-LABEL: func.func @keeps_a_value_with_two_readers
// CHECK-COUNT-2: inlay.map
func.func @keeps_a_value_with_two_readers(%x: tensor<7xf32>) -> (tensor<7xf32>, tensor<7xf32>) {
  %0 = inlay.map(%x) : (tensor<7xf32>) -> tensor<7xf32> {
  ^bb0(%a: f32):
    %2 = inlay.activation "relu"(%a) : f32
    inlay.yield %2 : f32
  }
  %1 = inlay.map(%0) : (tensor<7xf32>) -> tensor<7xf32> {
  ^bb0(%a: f32):
    %2 = inlay.activation "tanh"(%a) : f32
    inlay.yield %2 : f32
  }
  return %0, %1 : tensor<7xf32>, tensor<7xf32>
}

// A producer with one element is computed once, not once per element of its reader.
// CHECK-LABEL: func.func @keeps_a_broadcast_producer
// CHECK-COUNT-2: inlay.map
func.func @keeps_a_broadcast_producer(%x: tensor<1xf32>, %y: tensor<7xf32>) -> tensor<7xf32> {
  %0 = inlay.map(%x) : (tensor<1xf32>) -> tensor<1xf32> {
  ^bb0(%a: f32):
    %2 = inlay.activation "tanh"(%a) : f32
    inlay.yield %2 : f32
  }
  %1 = inlay.map(%y, %0) : (tensor<7xf32>, tensor<1xf32>) -> tensor<7xf32> {
  ^bb0(%a: f32, %b: f32):
    %2 = arith.addf %a, %b : f32
    inlay.yield %2 : f32
  }
  return %1 : tensor<7xf32>
}
