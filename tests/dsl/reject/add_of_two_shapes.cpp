// SPDX-License-Identifier: Apache-2.0
// A sum of two layers with different widths.
// expect: "right"
// expect: "f32[32] of left"
// expect: "f32[24] of right"
// expect: sizes must be equal or 1, from the last axis on: give the layers the same width, or reshape one of them
// expect: "add_of_two_shapes.cpp:15"
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 16>("x"), [](auto x) {
  auto left = dense<32>("left", x);
  auto right = dense<24>("right", x);
  return relu(left + right);
});
INLAY_NETWORK(model);
