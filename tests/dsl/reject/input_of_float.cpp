// SPDX-License-Identifier: Apache-2.0
// An input of another element type.
// expect: the element type of an input is f32, or i32 for indices: input<f32, 64>("pixels")
// expect: input_of_float.cpp:9
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<float, 4>("x"), [](auto x) {
  auto h = x;
  return relu(dense<4>("next", h) + 1);
});
INLAY_NETWORK(model);
