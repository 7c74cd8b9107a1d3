// SPDX-License-Identifier: Apache-2.0
// A function that the DSL does not have.
// expect: there is no pow(): write square(x), x * x * x or exp(y * log(x))
// expect: pow.cpp:10
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) {
  auto h = pow(x, 2);
  return relu(dense<4>("next", h) + 1);
});
INLAY_NETWORK(model);
