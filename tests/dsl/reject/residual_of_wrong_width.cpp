// SPDX-License-Identifier: Apache-2.0
// A residual connection around a layer that changes the width.
// expect: "fc1"
// expect: "f32[48] of fc2"
// expect: "f32[32] of fc1"
// expect: sizes must be equal or 1, from the last axis on: give the layers the same width, or reshape one of them
// expect: "residual_of_wrong_width.cpp:14"
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 64>("x"), [](auto x) {
  auto h1 = relu(dense<32>("fc1", x));
  auto h2 = tanh(dense<48>("fc2", h1) + h1);
  return softmax(dense<10>("fc3", h2));
});
INLAY_NETWORK(model);
