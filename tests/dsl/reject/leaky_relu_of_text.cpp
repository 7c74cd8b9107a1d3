// SPDX-License-Identifier: Apache-2.0
// A parameter of an activation that is no number.
// expect: then its parameters, then its accuracy: leaky_relu(x)
// expect: leaky_relu_of_text.cpp:10
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) {
  auto h = leaky_relu(x, "0.1");
  return relu(dense<4>("next", h) + 1);
});
INLAY_NETWORK(model);
