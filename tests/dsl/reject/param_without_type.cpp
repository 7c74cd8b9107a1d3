// SPDX-License-Identifier: Apache-2.0
// Weights by name without an element type.
// expect: weights by name have an element type, sizes and a name
// expect: param_without_type.cpp:10
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) {
  auto h = x + param<4>("p");
  return relu(dense<4>("next", h) + 1);
});
INLAY_NETWORK(model);
