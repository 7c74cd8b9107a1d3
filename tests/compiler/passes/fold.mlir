// Folders: reshapes of reshapes, relu of relu, maps that do nothing, activations of constants.
// RUN: inlay-opt %s --inlay-simplify | FileCheck %s

// CHECK-LABEL: func.func @joins_reshapes
// CHECK: %[[R:.*]] = inlay.reshape %arg0 : (tensor<12xf32>) -> tensor<3x4xf32>
// CHECK-NEXT: return %[[R]]
func.func @joins_reshapes(%x: tensor<12xf32>) -> tensor<3x4xf32> {
  %0 = inlay.reshape %x : (tensor<12xf32>) -> tensor<2x6xf32>
  %1 = inlay.reshape %0 : (tensor<2x6xf32>) -> tensor<3x4xf32>
  return %1 : tensor<3x4xf32>
}

// CHECK-LABEL: func.func @drops_a_map_that_yields_its_operand
// CHECK-NEXT: return %arg0
func.func @drops_a_map_that_yields_its_operand(%x: tensor<12xf32>) -> tensor<12xf32> {
  %0 = inlay.map(%x) : (tensor<12xf32>) -> tensor<12xf32> {
  ^bb0(%a: f32):
    inlay.yield %a : f32
  }
  return %0 : tensor<12xf32>
}

// CHECK-LABEL: func.func @relu_is_idempotent
// CHECK: inlay.activation "relu"
// CHECK-NOT: inlay.activation
// CHECK: return
func.func @relu_is_idempotent(%x: tensor<12xf32>) -> tensor<12xf32> {
  %0 = inlay.map(%x) : (tensor<12xf32>) -> tensor<12xf32> {
  ^bb0(%a: f32):
    %1 = inlay.activation "relu"(%a) : f32
    %2 = inlay.activation "relu"(%1) : f32
    inlay.yield %2 : f32
  }
  return %0 : tensor<12xf32>
}

// The constant stays inside of the program, because programs see no values from outside.
// CHECK-LABEL: func.func @evaluates_an_activation_of_a_constant
// CHECK: ^bb0
// CHECK-NEXT: %[[C:.*]] = arith.constant 0.761594176 : f32
// CHECK-NEXT: arith.addf %{{.*}}, %[[C]]
func.func @evaluates_an_activation_of_a_constant(%x: tensor<12xf32>) -> tensor<12xf32> {
  %0 = inlay.map(%x) : (tensor<12xf32>) -> tensor<12xf32> {
  ^bb0(%a: f32):
    %one = arith.constant 1.0 : f32
    %1 = inlay.activation "tanh"(%one) : f32
    %2 = arith.addf %a, %1 : f32
    inlay.yield %2 : f32
  }
  return %0 : tensor<12xf32>
}
