// SPDX-License-Identifier: Apache-2.0
// An activation of a number.
// expect: then its parameters, then its accuracy: relu(x)
// expect: relu_of_a_number.cpp:10
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) {
  auto h = x + relu(1.0f);
  return relu(dense<4>("next", h) + 1);
});
INLAY_NETWORK(model);
