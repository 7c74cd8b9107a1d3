// RUN: inlay-opt %s --pass-pipeline='builtin.module(func.func(inlay-plan-memory,inlay-verify-placements))' -split-input-file -verify-diagnostics | FileCheck %s

// The next value is computed in the state's memory, because the op reads each element before it writes it.
// CHECK-LABEL: func.func @in_place
// CHECK: inlay.map(%arg1, %arg0) {inlay.placement = #inlay.placement<"state" 16, base = 0, offset = 0, stride = 4,
// CHECK: inlay.softmax %{{.*}} {inlay.placement = #inlay.placement<"output" 0,
func.func @in_place(%x: tensor<4xf32>, %s: tensor<4xf32> {inlay.state = 16 : i64}) -> (tensor<4xf32>, tensor<4xf32> {inlay.state = 16 : i64})
    attributes {inlay.memory = 128 : i64, inlay.target = #inlay.target<lanes = 4, registers = 16>} {
  %0 = inlay.map(%s, %x) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: f32, %b: f32):
    %2 = arith.addf %a, %b : f32
    inlay.yield %2 : f32
  }
  %1 = inlay.softmax %0 : tensor<4xf32>
  return %1, %0 : tensor<4xf32>, tensor<4xf32>
}

// -----

// An op that reads the old value comes later, so the next value is copied at the end.
// CHECK-LABEL: func.func @read_later
// CHECK: inlay.map(%arg1, %arg0) {inlay.placement = #inlay.placement<"arena"
// CHECK: inlay.softmax %arg1 {inlay.placement = #inlay.placement<"output" 0,
// CHECK: inlay.map(%0) {inlay.placement = #inlay.placement<"state" 0,
func.func @read_later(%x: tensor<4xf32>, %s: tensor<4xf32> {inlay.state = 0 : i64}) -> (tensor<4xf32>, tensor<4xf32> {inlay.state = 0 : i64})
    attributes {inlay.memory = 64 : i64, inlay.target = #inlay.target<lanes = 4, registers = 16>} {
  %0 = inlay.map(%s, %x) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: f32, %b: f32):
    %2 = arith.addf %a, %b : f32
    inlay.yield %2 : f32
  }
  %1 = inlay.softmax %s : tensor<4xf32>
  return %1, %0 : tensor<4xf32>, tensor<4xf32>
}

// -----

// The same through a view of the state.
// CHECK-LABEL: func.func @read_later_in_another_shape
// CHECK: inlay.map(%arg1, %arg0) {inlay.placement = #inlay.placement<"arena"
func.func @read_later_in_another_shape(%x: tensor<4xf32>, %s: tensor<4xf32> {inlay.state = 0 : i64}) -> (tensor<2x2xf32>, tensor<4xf32> {inlay.state = 0 : i64})
    attributes {inlay.memory = 64 : i64, inlay.target = #inlay.target<lanes = 4, registers = 16>} {
  %view = inlay.reshape %s : (tensor<4xf32>) -> tensor<2x2xf32>
  %0 = inlay.map(%s, %x) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: f32, %b: f32):
    %2 = arith.addf %a, %b : f32
    inlay.yield %2 : f32
  }
  %1 = inlay.softmax %view : tensor<2x2xf32>
  return %1, %0 : tensor<2x2xf32>, tensor<4xf32>
}

// -----

// Two states change places: both old values are saved before either is overwritten.
// CHECK-LABEL: func.func @exchange
// CHECK: %[[A:.*]] = inlay.map(%arg2) {inlay.placement = #inlay.placement<"arena"
// CHECK: %[[B:.*]] = inlay.map(%arg1) {inlay.placement = #inlay.placement<"arena"
// CHECK: inlay.map(%[[A]]) {inlay.placement = #inlay.placement<"state" 0,
// CHECK: inlay.map(%[[B]]) {inlay.placement = #inlay.placement<"state" 16,
func.func @exchange(%x: tensor<4xf32>, %s: tensor<4xf32> {inlay.state = 0 : i64}, %t: tensor<4xf32> {inlay.state = 16 : i64})
    -> (tensor<4xf32>, tensor<4xf32> {inlay.state = 0 : i64}, tensor<4xf32> {inlay.state = 16 : i64})
    attributes {inlay.memory = 128 : i64, inlay.target = #inlay.target<lanes = 4, registers = 16>} {
  %0 = inlay.softmax %x : tensor<4xf32>
  return %0, %t, %s : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// -----

// The first value becomes an attribute of the state.
// CHECK-LABEL: func.func @initial
// CHECK-SAME: %arg1: tensor<2xf32> {inlay.initial = dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>, inlay.state = 0 : i64}
// CHECK-SAME: -> (tensor<2xf32>, tensor<2xf32> {inlay.state = 0 : i64})
func.func @initial(%x: tensor<2xf32>, %s: tensor<2xf32> {inlay.state = 0 : i64})
    -> (tensor<2xf32>, tensor<2xf32> {inlay.state = 0 : i64}, tensor<2xf32> {inlay.initial = 0 : i64})
    attributes {inlay.memory = 64 : i64, inlay.target = #inlay.target<lanes = 4, registers = 16>} {
  %0 = inlay.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %1 = inlay.softmax %s : tensor<2xf32>
  return %1, %x, %0 : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}

// -----

func.func @initial_is_not_constant(%x: tensor<2xf32>, %s: tensor<2xf32> {inlay.state = 0 : i64})
    -> (tensor<2xf32>, tensor<2xf32> {inlay.state = 0 : i64}, tensor<2xf32> {inlay.initial = 0 : i64})
    attributes {inlay.memory = 64 : i64, inlay.target = #inlay.target<lanes = 4, registers = 16>} {
  // expected-error @+1 {{the first value of a state must be known when the network is compiled}}
  %0 = inlay.softmax %x : tensor<2xf32>
  return %s, %x, %0 : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}

// -----

// Pieces of a vector lie inside of it.
// CHECK-LABEL: func.func @pieces
// CHECK: inlay.softmax %arg0 {inlay.placement = #inlay.placement<"arena" 0, base = 0, offset = 0, stride = 16,
// CHECK: inlay.slice {{.*}} {inlay.placement = #inlay.placement<"arena" 0, base = 0, offset = 4, stride = 16, padded = false>}
// CHECK: inlay.slice {{.*}} {inlay.placement = #inlay.placement<"arena" 0, base = 0, offset = 9, stride = 16, padded = true>}
func.func @pieces(%x: tensor<10xf32>) -> (tensor<5xf32>, tensor<1xf32>) attributes {inlay.target = #inlay.target<lanes = 4, registers = 16>} {
  %0 = inlay.softmax %x : tensor<10xf32>
  %1 = inlay.slice %0 axis 0 from 4 length 5 : (tensor<10xf32>) -> tensor<5xf32>
  %2 = inlay.slice %0 axis 0 from 9 length 1 : (tensor<10xf32>) -> tensor<1xf32>
  %3 = inlay.softmax %1 : tensor<5xf32>
  %4 = inlay.softmax %2 : tensor<1xf32>
  return %3, %4 : tensor<5xf32>, tensor<1xf32>
}

// -----

// A piece that is returned is copied: the whole does not fit into the output.
// CHECK-LABEL: func.func @returned_piece
// CHECK: inlay.softmax %arg0 {inlay.placement = #inlay.placement<"arena"
// CHECK: inlay.map({{.*}}) {inlay.placement = #inlay.placement<"output" 0, base = 0, offset = 0, stride = 5,
func.func @returned_piece(%x: tensor<10xf32>) -> tensor<5xf32> attributes {inlay.target = #inlay.target<lanes = 4, registers = 16>} {
  %0 = inlay.softmax %x : tensor<10xf32>
  %1 = inlay.slice %0 axis 0 from 0 length 5 : (tensor<10xf32>) -> tensor<5xf32>
  return %1 : tensor<5xf32>
}
