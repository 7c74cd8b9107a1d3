// SPDX-License-Identifier: Apache-2.0
// A parameter for an activation that has none.
// expect: then its parameters, then its accuracy: relu(x)
// expect: relu_with_slope.cpp:10
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) {
  auto h = relu(x, 0.1f);
  return relu(dense<4>("next", h) + 1);
});
INLAY_NETWORK(model);
