// SPDX-License-Identifier: Apache-2.0
// Weights by name without a name.
// expect: weights by name need a name: param<f32, 10, 64>("name")
// expect: param_without_name.cpp:10
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) {
  auto h = x + param<f32, 4>();
  return relu(dense<4>("next", h) + 1);
});
INLAY_NETWORK(model);
