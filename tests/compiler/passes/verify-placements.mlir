// RUN: inlay-opt %s --pass-pipeline='builtin.module(func.func(inlay-verify-placements))' -split-input-file -verify-diagnostics

// The verifier follows every store of a plan. These placements have the faults that a planner could make.

// The last piece of a concat is padded, although its last vector does not fit into the row.
func.func @past_the_row(%x: tensor<10xf32>) -> tensor<13xf32> attributes {inlay.target = #inlay.target<lanes = 4, registers = 16>, inlay.arena = 16 : i64} {
  %0 = inlay.softmax %x {inlay.placement = #inlay.placement<"arena" 0, base = 0, offset = 0, stride = 16, padded = false>} : tensor<10xf32>
  // expected-error @+1 {{inlay.map stores up to element 18 of rows that are 16 apart}}
  %1 = inlay.map(%x) {inlay.placement = #inlay.placement<"arena" 0, base = 0, offset = 6, stride = 16, padded = true>} : (tensor<10xf32>) -> tensor<10xf32> {
  ^bb0(%a: f32):
    inlay.yield %a : f32
  }
  %2 = inlay.concat(%0, %x) axis 0 {inlay.placement = #inlay.placement<"output" 0, base = 0, offset = 0, stride = 20, padded = false>} : (tensor<10xf32>, tensor<10xf32>) -> tensor<20xf32>
  %3 = inlay.softmax %2 {inlay.placement = #inlay.placement<"output" 0, base = 0, offset = 0, stride = 20, padded = false>} : tensor<20xf32>
  %4 = inlay.constant dense<0.0> : tensor<13xf32> {inlay.placement = #inlay.placement<"constant" 0, base = 0, offset = 0, stride = 0, padded = false>}
  return %4 : tensor<13xf32>
}

// -----

// The last vector of the first piece overwrites the second piece, which is computed before it.
func.func @into_a_neighbour(%x: tensor<10xf32>, %y: tensor<3xf32>) -> tensor<13xf32> attributes {inlay.target = #inlay.target<lanes = 4, registers = 16>, inlay.arena = 16 : i64} {
  %0 = inlay.softmax %y {inlay.placement = #inlay.placement<"arena" 0, base = 0, offset = 10, stride = 16, padded = true>} : tensor<3xf32>
  // expected-error @+1 {{inlay.softmax stores over the result of inlay.softmax which is still to be read}}
  %1 = inlay.softmax %x {inlay.placement = #inlay.placement<"arena" 0, base = 0, offset = 0, stride = 16, padded = true>} : tensor<10xf32>
  %2 = inlay.concat(%1, %0) axis 0 {inlay.placement = #inlay.placement<"arena" 0, base = 0, offset = 0, stride = 16, padded = true>} : (tensor<10xf32>, tensor<3xf32>) -> tensor<13xf32>
  %3 = inlay.softmax %2 {inlay.placement = #inlay.placement<"output" 0, base = 0, offset = 0, stride = 13, padded = false>} : tensor<13xf32>
  return %3 : tensor<13xf32>
}

// -----

// A contraction reads its input again for every panel, so its result must not overwrite it.
func.func @over_its_own_input(%x: tensor<4xf32>) -> tensor<4xf32> attributes {inlay.target = #inlay.target<lanes = 4, registers = 16>, inlay.arena = 4 : i64} {
  %w = inlay.constant "w" dense<1.0> : tensor<16xf32> {inlay.placement = #inlay.placement<"constant" 0, base = 0, offset = 0, stride = 0, padded = false>}
  %0 = inlay.softmax %x {inlay.placement = #inlay.placement<"arena" 0, base = 0, offset = 0, stride = 4, padded = true>} : tensor<4xf32>
  // expected-error @+1 {{layer 'fc' stores over the result of inlay.softmax which is still to be read}}
  %1 = inlay.contraction "fc" %0, %w tile(6 x 4) lanes(4) {inlay.placement = #inlay.placement<"arena" 0, base = 0, offset = 0, stride = 4, padded = true>} : (tensor<4xf32>, tensor<16xf32>) -> tensor<4xf32>
  %2 = inlay.softmax %1 {inlay.placement = #inlay.placement<"output" 0, base = 0, offset = 0, stride = 4, padded = false>} : tensor<4xf32>
  return %2 : tensor<4xf32>
}

// -----

// A reshape uses its operand's memory, which other ops must not overwrite while the reshape is still to be read.
func.func @over_what_a_reshape_shows(%x: tensor<4xf32>) -> (tensor<2x2xf32>, tensor<4xf32>) attributes {inlay.target = #inlay.target<lanes = 4, registers = 16>, inlay.arena = 4 : i64} {
  %0 = inlay.softmax %x {inlay.placement = #inlay.placement<"arena" 0, base = 0, offset = 0, stride = 4, padded = true>} : tensor<4xf32>
  %1 = inlay.reshape %0 {inlay.placement = #inlay.placement<"arena" 0, base = 0, offset = 0, stride = 4, padded = true>} : (tensor<4xf32>) -> tensor<2x2xf32>
  // expected-error @+1 {{inlay.softmax stores over the result of inlay.softmax which is still to be read}}
  %2 = inlay.softmax %x {inlay.placement = #inlay.placement<"arena" 0, base = 0, offset = 0, stride = 4, padded = true>} : tensor<4xf32>
  %3 = inlay.softmax %1 {inlay.placement = #inlay.placement<"output" 0, base = 0, offset = 0, stride = 4, padded = false>} : tensor<2x2xf32>
  %4 = inlay.softmax %2 {inlay.placement = #inlay.placement<"output" 1, base = 0, offset = 0, stride = 4, padded = false>} : tensor<4xf32>
  return %3, %4 : tensor<2x2xf32>, tensor<4xf32>
}

// -----

// No fault: a pointwise op that overwrites its operand element by element, and pieces of a concat at their places.
func.func @in_place(%x: tensor<10xf32>) -> tensor<13xf32> attributes {inlay.target = #inlay.target<lanes = 4, registers = 16>, inlay.arena = 16 : i64} {
  %c = inlay.constant dense<0.0> : tensor<3xf32> {inlay.placement = #inlay.placement<"constant" 0, base = 0, offset = 0, stride = 0, padded = false>}
  %0 = inlay.softmax %x {inlay.placement = #inlay.placement<"arena" 0, base = 0, offset = 0, stride = 16, padded = false>} : tensor<10xf32>
  %1 = inlay.softmax %0 {inlay.placement = #inlay.placement<"arena" 0, base = 0, offset = 0, stride = 16, padded = false>} : tensor<10xf32>
  %2 = inlay.concat(%1, %c) axis 0 {inlay.placement = #inlay.placement<"arena" 0, base = 0, offset = 0, stride = 16, padded = true>} : (tensor<10xf32>, tensor<3xf32>) -> tensor<13xf32>
  %3 = inlay.softmax %2 {inlay.placement = #inlay.placement<"output" 0, base = 0, offset = 0, stride = 13, padded = false>} : tensor<13xf32>
  return %3 : tensor<13xf32>
}

// -----

// No fault: an image inside of a padded one, which is written around it while it is still to be read.
func.func @around_an_image(%x: tensor<2x2x4xf32>) -> (tensor<4x4x4xf32>, tensor<2x2x4xf32>) attributes {inlay.target = #inlay.target<lanes = 4, registers = 16>, inlay.arena = 64 : i64} {
  %0 = inlay.permute %x [0, 1, 2] {inlay.placement = #inlay.placement<"arena" 0, base = 0, offset = 20, stride = 64, padded = false, line = 16>} : (tensor<2x2x4xf32>) -> tensor<2x2x4xf32>
  %1 = inlay.pad %0 low [1, 1, 0] high [1, 1, 0] value 0.0 {inlay.placement = #inlay.placement<"arena" 0, base = 0, offset = 0, stride = 64, padded = true>} : (tensor<2x2x4xf32>) -> tensor<4x4x4xf32>
  %2 = inlay.softmax %1 {inlay.placement = #inlay.placement<"output" 0, base = 0, offset = 0, stride = 64, padded = false>} : tensor<4x4x4xf32>
  %3 = inlay.softmax %0 {inlay.placement = #inlay.placement<"output" 1, base = 0, offset = 0, stride = 16, padded = false>} : tensor<2x2x4xf32>
  return %2, %3 : tensor<4x4x4xf32>, tensor<2x2x4xf32>
}

// -----

// The image is not where the padded image has its inside, so the padding runs over it.
func.func @over_an_image(%x: tensor<2x2x4xf32>) -> (tensor<4x4x4xf32>, tensor<2x2x4xf32>) attributes {inlay.target = #inlay.target<lanes = 4, registers = 16>, inlay.arena = 64 : i64} {
  %0 = inlay.permute %x [0, 1, 2] {inlay.placement = #inlay.placement<"arena" 0, base = 0, offset = 16, stride = 64, padded = false, line = 16>} : (tensor<2x2x4xf32>) -> tensor<2x2x4xf32>
  // expected-error @+1 {{inlay.pad stores over the result of inlay.permute which is still to be read}}
  %1 = inlay.pad %0 low [1, 1, 0] high [1, 1, 0] value 0.0 {inlay.placement = #inlay.placement<"arena" 0, base = 0, offset = 0, stride = 64, padded = true>} : (tensor<2x2x4xf32>) -> tensor<4x4x4xf32>
  %2 = inlay.softmax %1 {inlay.placement = #inlay.placement<"output" 0, base = 0, offset = 0, stride = 64, padded = false>} : tensor<4x4x4xf32>
  %3 = inlay.softmax %0 {inlay.placement = #inlay.placement<"output" 1, base = 0, offset = 0, stride = 16, padded = false>} : tensor<2x2x4xf32>
  return %2, %3 : tensor<4x4x4xf32>, tensor<2x2x4xf32>
}

// -----

// A value between the lines of an image is no part of it, but one on a line is.
func.func @between_the_lines(%x: tensor<2x2x4xf32>, %y: tensor<8xf32>) -> tensor<2x2x4xf32> attributes {inlay.target = #inlay.target<lanes = 4, registers = 16>, inlay.arena = 64 : i64} {
  %0 = inlay.permute %x [0, 1, 2] {inlay.placement = #inlay.placement<"arena" 0, base = 0, offset = 0, stride = 64, padded = false, line = 16>} : (tensor<2x2x4xf32>) -> tensor<2x2x4xf32>
  %1 = inlay.softmax %y {inlay.placement = #inlay.placement<"arena" 0, base = 8, offset = 0, stride = 56, padded = false>} : tensor<8xf32>
  // expected-error @+1 {{inlay.softmax stores over the result of inlay.permute which is still to be read}}
  %2 = inlay.softmax %1 {inlay.placement = #inlay.placement<"arena" 0, base = 9, offset = 0, stride = 55, padded = false>} : tensor<8xf32>
  %3 = inlay.softmax %0 {inlay.placement = #inlay.placement<"output" 0, base = 0, offset = 0, stride = 16, padded = false>} : tensor<2x2x4xf32>
  return %3 : tensor<2x2x4xf32>
}

// -----

// expected-error @+1 {{has no 'inlay.arena': run inlay-plan-memory first}}
func.func @without_a_plan(%x: tensor<10xf32>) -> tensor<10xf32> {
  return %x : tensor<10xf32>
}

// -----

// A state is overwritten before its last reader.
func.func @state_overwritten(%x: tensor<4xf32>, %s: tensor<4xf32> {inlay.state = 0 : i64}) -> (tensor<4xf32>, tensor<4xf32> {inlay.state = 0 : i64})
    attributes {inlay.memory = 64 : i64, inlay.target = #inlay.target<lanes = 4, registers = 16>, inlay.arena = 0 : i64} {
  // expected-error @+1 {{inlay.softmax stores over a state which is still to be read}}
  %0 = inlay.softmax %x {inlay.placement = #inlay.placement<"state" 0, base = 0, offset = 0, stride = 4, padded = false>} : tensor<4xf32>
  %1 = inlay.softmax %s {inlay.placement = #inlay.placement<"output" 0, base = 0, offset = 0, stride = 4, padded = false>} : tensor<4xf32>
  return %1, %0 : tensor<4xf32>, tensor<4xf32>
}

// -----

// The next value of a state is where no state is.
func.func @next_elsewhere(%x: tensor<4xf32>, %s: tensor<4xf32> {inlay.state = 0 : i64}, %t: tensor<4xf32> {inlay.state = 16 : i64})
    -> (tensor<4xf32>, tensor<4xf32> {inlay.state = 0 : i64}, tensor<4xf32> {inlay.state = 16 : i64})
    attributes {inlay.memory = 128 : i64, inlay.target = #inlay.target<lanes = 4, registers = 16>, inlay.arena = 0 : i64} {
  %0 = inlay.softmax %s {inlay.placement = #inlay.placement<"output" 0, base = 0, offset = 0, stride = 4, padded = false>} : tensor<4xf32>
  %1 = inlay.softmax %x {inlay.placement = #inlay.placement<"state" 8, base = 0, offset = 0, stride = 4, padded = false>} : tensor<4xf32>
  // expected-error @+1 {{result 1 is not in the memory of its state}}
  return %0, %1, %t : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// -----

// In a loop over steps the softmax of a row overwrites another row of a value from outside, whose rows are longer.
func.func @over_the_next_row(%x: tensor<8xf32>, %s: tensor<4xf32> {inlay.state = 0 : i64}) -> (tensor<4xf32> {inlay.state = 0 : i64})
    attributes {inlay.memory = 64 : i64, inlay.target = #inlay.target<lanes = 4, registers = 16>, inlay.arena = 8 : i64} {
  %0 = inlay.softmax %x {inlay.placement = #inlay.placement<"arena" 0, base = 0, offset = 0, stride = 8, padded = true>} : tensor<8xf32>
  %1 = inlay.slice %0 axis 0 from 0 length 4 {inlay.feedback = 1 : i64, inlay.placement = #inlay.placement<"arena" 0, base = 0, offset = 0, stride = 8, padded = false>} : (tensor<8xf32>) -> tensor<4xf32>
  %2 = inlay.map(%1, %s) {inlay.feedback = 1 : i64, inlay.placement = #inlay.placement<"arena" 0, base = 8, offset = 0, stride = 4, padded = true>} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: f32, %b: f32):
    inlay.yield %b : f32
  }
  // expected-error @+1 {{inlay.softmax stores over the result of inlay.softmax which is still to be read}}
  %3 = inlay.softmax %2 {inlay.feedback = 1 : i64, inlay.placement = #inlay.placement<"arena" 0, base = 0, offset = 0, stride = 4, padded = true>} : tensor<4xf32>
  %4 = inlay.map(%3) {inlay.feedback = 1 : i64, inlay.placement = #inlay.placement<"state" 0, base = 0, offset = 0, stride = 4, padded = false>} : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: f32):
    inlay.yield %a : f32
  }
  return %4 : tensor<4xf32>
}

// -----

// The softmax of the next row overwrites a row that is read behind the loop.
func.func @over_the_row_before(%x: tensor<4xf32>, %s: tensor<4xf32> {inlay.state = 0 : i64}) -> (tensor<8xf32>, tensor<4xf32> {inlay.state = 0 : i64})
    attributes {inlay.memory = 64 : i64, inlay.target = #inlay.target<lanes = 4, registers = 16>, inlay.arena = 8 : i64} {
  // expected-error @+1 {{inlay.softmax stores over rows of inlay.concat that are read behind the loop over steps}}
  %0 = inlay.softmax %s {inlay.feedback = 1 : i64, inlay.placement = #inlay.placement<"arena" 0, base = 0, offset = 0, stride = 4, padded = true>} : tensor<4xf32>
  %1 = inlay.map(%0) {inlay.feedback = 1 : i64, inlay.placement = #inlay.placement<"state" 0, base = 0, offset = 0, stride = 4, padded = false>} : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: f32):
    inlay.yield %a : f32
  }
  %2 = inlay.concat(%1, %x) axis 0 {inlay.feedback = 1 : i64, inlay.placement = #inlay.placement<"arena" 0, base = 0, offset = 0, stride = 8, padded = true>} : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
  %3 = inlay.softmax %2 {inlay.placement = #inlay.placement<"output" 0, base = 0, offset = 0, stride = 8, padded = false>} : tensor<8xf32>
  return %3, %1 : tensor<8xf32>, tensor<4xf32>
}
