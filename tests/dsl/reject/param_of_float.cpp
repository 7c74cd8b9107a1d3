// SPDX-License-Identifier: Apache-2.0
// Weights of another element type.
// expect: the element type is f32: param<f32, 10, 64>("name")
// expect: param_of_float.cpp:10
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) {
  auto h = x + param<float, 4>("p");
  return relu(dense<4>("next", h) + 1);
});
INLAY_NETWORK(model);
