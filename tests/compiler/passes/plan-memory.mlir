// RUN: inlay-opt %s --pass-pipeline='builtin.module(func.func(inlay-plan-memory))' -split-input-file -verify-diagnostics | FileCheck %s

// All values of a chain live in the caller's output.
// CHECK-LABEL: func.func @computes_in_the_output
// CHECK-SAME: inlay.arena = 0 : i64
// CHECK: inlay.softmax %arg0 {inlay.placement = #inlay.placement<"output" 0, base = 0, offset = 0, stride = 10, padded = false>}
// CHECK: inlay.softmax %{{.*}} {inlay.placement = #inlay.placement<"output" 0, base = 0, offset = 0, stride = 10, padded = false>}
func.func @computes_in_the_output(%x: tensor<10xf32>) -> tensor<10xf32> attributes {inlay.target = #inlay.target<lanes = 4, registers = 16>} {
  %0 = inlay.softmax %x : tensor<10xf32>
  %1 = inlay.softmax %0 : tensor<10xf32>
  return %1 : tensor<10xf32>
}

// -----

// Both pieces are computed at their places in the concat, which is the output. Only one piece's second copy is moved.
// CHECK-LABEL: func.func @pieces_are_computed_in_place
// CHECK: inlay.softmax %arg0 {inlay.placement = #inlay.placement<"output" 0, base = 0, offset = 0, stride = 13,
// CHECK: inlay.softmax %arg1 {inlay.placement = #inlay.placement<"output" 0, base = 0, offset = 10, stride = 13,
func.func @pieces_are_computed_in_place(%x: tensor<10xf32>, %y: tensor<3xf32>) -> tensor<13xf32>
    attributes {inlay.target = #inlay.target<lanes = 4, registers = 16>} {
  %0 = inlay.softmax %x : tensor<10xf32>
  %1 = inlay.softmax %y : tensor<3xf32>
  %2 = inlay.concat(%0, %1) axis 0 : (tensor<10xf32>, tensor<3xf32>) -> tensor<13xf32>
  return %2 : tensor<13xf32>
}

// -----

// A layer never overwrites its own input, but may overwrite values that are dead. Rows are padded to whole vectors.
// CHECK-LABEL: func.func @reuses_dead_storage
// CHECK-SAME: inlay.arena = 24 : i64
// CHECK: inlay.contraction "fc1" {{.*}}#inlay.placement<"arena" 0, base = 0, offset = 0, stride = 12, padded = true>
// CHECK: inlay.contraction "fc2" {{.*}}#inlay.placement<"arena" 0, base = 12,
// CHECK: inlay.contraction "fc3" {{.*}}#inlay.placement<"arena" 0, base = 0,
// CHECK: inlay.contraction "fc4" {{.*}}#inlay.placement<"output" 0,
func.func @reuses_dead_storage(%x: tensor<10xf32>) -> tensor<10xf32> attributes {inlay.target = #inlay.target<lanes = 4, registers = 16>} {
  %w = inlay.constant "w" dense<1.0> : tensor<120xf32>
  %0 = inlay.contraction "fc1" %x, %w tile(6 x 8) lanes(4) : (tensor<10xf32>, tensor<120xf32>) -> tensor<10xf32>
  %1 = inlay.contraction "fc2" %0, %w tile(6 x 8) lanes(4) : (tensor<10xf32>, tensor<120xf32>) -> tensor<10xf32>
  %2 = inlay.contraction "fc3" %1, %w tile(6 x 8) lanes(4) : (tensor<10xf32>, tensor<120xf32>) -> tensor<10xf32>
  %3 = inlay.contraction "fc4" %2, %w tile(6 x 8) lanes(4) : (tensor<10xf32>, tensor<120xf32>) -> tensor<10xf32>
  return %3 : tensor<10xf32>
}

// -----

// A pointwise result reuses the storage of an operand that is dead afterwards, here in the caller's output.
// CHECK-LABEL: func.func @pointwise_in_place
// CHECK-SAME: inlay.arena = 12 : i64
// CHECK: inlay.softmax %arg0 {inlay.placement = #inlay.placement<"output" 1,
// CHECK: inlay.concat({{.*}}) axis 0 {inlay.placement = #inlay.placement<"arena" 0,
// CHECK: inlay.map(%{{.*}}) {inlay.placement = #inlay.placement<"output" 0,
// CHECK: inlay.map(%{{.*}}) {inlay.placement = #inlay.placement<"output" 1,
func.func @pointwise_in_place(%x: tensor<10xf32>, %y: tensor<5xf32>) -> (tensor<10xf32>, tensor<10xf32>)
    attributes {inlay.target = #inlay.target<lanes = 4, registers = 16>} {
  %0 = inlay.softmax %x : tensor<10xf32>
  %1 = inlay.concat(%y, %y) axis 0 : (tensor<5xf32>, tensor<5xf32>) -> tensor<10xf32>
  %2 = inlay.map(%0, %1) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32> {
  ^bb0(%a: f32, %b: f32):
    %5 = arith.addf %a, %b : f32
    inlay.yield %5 : f32
  }
  %3 = inlay.map(%0, %1) : (tensor<10xf32>, tensor<10xf32>) -> tensor<10xf32> {
  ^bb0(%a: f32, %b: f32):
    %5 = arith.mulf %a, %b : f32
    inlay.yield %5 : f32
  }
  return %2, %3 : tensor<10xf32>, tensor<10xf32>
}

// -----

// An input that is returned is copied by an explicit op.
// CHECK-LABEL: func.func @copies_a_returned_input
// CHECK: inlay.map(%arg0) {inlay.placement = #inlay.placement<"output" 0
func.func @copies_a_returned_input(%x: tensor<10xf32>) -> tensor<10xf32> attributes {inlay.target = #inlay.target<lanes = 4, registers = 16>} {
  return %x : tensor<10xf32>
}

// -----

// expected-error @+1 {{has no 'inlay.target': run inlay-set-target first}}
func.func @without_a_layout(%x: tensor<10xf32>) -> tensor<10xf32> {
  return %x : tensor<10xf32>
}

// -----

// Rows of 512 elements would share two sets of the first-level cache, so the input is copied to rows of 528 elements,
// and the hidden layer has such rows. A kernel for single rows needs no copy.
// CHECK-LABEL: func.func @clashing
// CHECK: %[[COPY:.*]] = inlay.map(%arg0) {{.*}}inlay.placement<"arena" 0, base = {{.*}}stride = 528,
// CHECK: inlay.contraction "fc1" %[[COPY]], {{.*}}inlay.placement<"arena" 0, base = {{.*}}stride = 528,
// CHECK: inlay.contraction "fc2" {{.*}}inlay.placement<"output" 0, base = 0, offset = 0, stride = 16,
func.func @clashing(%x: tensor<512xf32>) -> tensor<16xf32>
    attributes {inlay.target = #inlay.target<lanes = 16, registers = 32>, inlay.row_blocks = array<i64: 14, 1>} {
  %w = inlay.constant dense<1.0> : tensor<262144xf32>
  %v = inlay.constant dense<1.0> : tensor<8192xf32>
  %0 = inlay.contraction "fc1" %x, %w tile(14 x 32) lanes(16) : (tensor<512xf32>, tensor<262144xf32>) -> tensor<512xf32>
  %1 = inlay.contraction "fc2" %0, %v tile(14 x 16) lanes(16) : (tensor<512xf32>, tensor<8192xf32>) -> tensor<16xf32>
  return %1 : tensor<16xf32>
}

// -----

// The first convolution writes its image inside of the padded one. A second convolution goes on to read it there.
// CHECK-LABEL: func.func @inside_of_the_padding
// CHECK: inlay.contraction "c1" {{.*}}inlay.placement<"arena" 0, base = 0, offset = 24, stride = {{[0-9]+}}, padded = false, line = 20>
// CHECK: inlay.pad {{.*}}inlay.placement<"arena" 0, base = 0, offset = 0, stride = {{[0-9]+}}, padded = true>
func.func @inside_of_the_padding(%x: tensor<3x3x4xf32>) -> (tensor<3x3x4xf32>, tensor<3x3x4xf32>)
    attributes {inlay.target = #inlay.target<lanes = 4, registers = 16>, inlay.row_blocks = array<i64: 1>} {
  %w = inlay.constant dense<1.0> : tensor<16xf32>
  %v = inlay.constant dense<1.0> : tensor<144xf32>
  %0 = inlay.contraction "c1" %x, %w tile(3 x 4) lanes(4) window(<kernel = 1 by 1, stride = 1 by 1, dilation = 1 by 1>) {columns = 3 : i64}
         : (tensor<3x3x4xf32>, tensor<16xf32>) -> tensor<3x3x4xf32>
  %1 = inlay.pad %0 low [1, 1, 0] high [1, 1, 0] value 0.0 : (tensor<3x3x4xf32>) -> tensor<5x5x4xf32>
  %2 = inlay.contraction "c2" %1, %v tile(3 x 4) lanes(4) window(<kernel = 3 by 3, stride = 1 by 1, dilation = 1 by 1>) {columns = 3 : i64}
         : (tensor<5x5x4xf32>, tensor<144xf32>) -> tensor<3x3x4xf32>
  %3 = inlay.contraction "c3" %0, %w tile(3 x 4) lanes(4) window(<kernel = 1 by 1, stride = 1 by 1, dilation = 1 by 1>) {columns = 3 : i64}
         : (tensor<3x3x4xf32>, tensor<16xf32>) -> tensor<3x3x4xf32>
  return %2, %3 : tensor<3x3x4xf32>, tensor<3x3x4xf32>
}

// -----

// A map reads an image whose lines lie side by side only, so the image is copied.
// CHECK-LABEL: func.func @not_inside
// CHECK: inlay.contraction "c1" {{.*}}padded = {{true|false}}>
// CHECK: inlay.pad
func.func @not_inside(%x: tensor<3x3x4xf32>) -> (tensor<5x5x4xf32>, tensor<3x3x4xf32>)
    attributes {inlay.target = #inlay.target<lanes = 4, registers = 16>, inlay.row_blocks = array<i64: 1>} {
  %w = inlay.constant dense<1.0> : tensor<16xf32>
  %0 = inlay.contraction "c1" %x, %w tile(3 x 4) lanes(4) window(<kernel = 1 by 1, stride = 1 by 1, dilation = 1 by 1>) {columns = 3 : i64}
         : (tensor<3x3x4xf32>, tensor<16xf32>) -> tensor<3x3x4xf32>
  %1 = inlay.pad %0 low [1, 1, 0] high [1, 1, 0] value 0.0 : (tensor<3x3x4xf32>) -> tensor<5x5x4xf32>
  %2 = inlay.map(%0) : (tensor<3x3x4xf32>) -> tensor<3x3x4xf32> {
  ^bb0(%a: f32):
    %5 = inlay.activation "tanh"(%a) : f32
    inlay.yield %5 : f32
  }
  return %1, %2 : tensor<5x5x4xf32>, tensor<3x3x4xf32>
}

// -----

// A norm takes over the image of a convolution, and both lie inside of the next one's padding, where a reduction reads it.
// CHECK-LABEL: func.func @norm_inside_of_the_padding
// CHECK: inlay.contraction "c1" {{.*}}offset = 24, {{.*}}line = 20>
// CHECK: inlay.normalize {{.*}}offset = 24, {{.*}}line = 20>
// CHECK: inlay.reduce
func.func @norm_inside_of_the_padding(%x: tensor<3x3x4xf32>) -> (tensor<3x3x4xf32>, tensor<4xf32>)
    attributes {inlay.target = #inlay.target<lanes = 4, registers = 16>, inlay.row_blocks = array<i64: 1>} {
  %w = inlay.constant dense<1.0> : tensor<16xf32>
  %v = inlay.constant dense<1.0> : tensor<144xf32>
  %0 = inlay.contraction "c1" %x, %w tile(3 x 4) lanes(4) window(<kernel = 1 by 1, stride = 1 by 1, dilation = 1 by 1>) {columns = 3 : i64}
         : (tensor<3x3x4xf32>, tensor<16xf32>) -> tensor<3x3x4xf32>
  %1 = inlay.normalize %0 {axis = 0 : i64, groups = 2 : i64, eps = 0 : i64, centred = 1 : i64, channels_last}
         : (tensor<3x3x4xf32>) -> tensor<3x3x4xf32>
  %2 = inlay.pad %1 low [1, 1, 0] high [1, 1, 0] value 0.0 : (tensor<3x3x4xf32>) -> tensor<5x5x4xf32>
  %3 = inlay.contraction "c2" %2, %v tile(3 x 4) lanes(4) window(<kernel = 3 by 3, stride = 1 by 1, dilation = 1 by 1>) {columns = 3 : i64}
         : (tensor<5x5x4xf32>, tensor<144xf32>) -> tensor<3x3x4xf32>
  %4 = inlay.reduce %1 {kind = 1 : i64, axes = 3 : i64, keepdim = 0 : i64} : (tensor<3x3x4xf32>) -> tensor<4xf32>
  return %3, %4 : tensor<3x3x4xf32>, tensor<4xf32>
}
