// SPDX-License-Identifier: Apache-2.0
// A dense layer that is given its number of outputs and its weight.
// expect: dense is called as dense<outputs>("name", x)
// expect: dense_size_and_weight.cpp:10
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) {
  auto h = dense<4>("fc", x, param<f32, 4, 4>("w"));
  return relu(dense<4>("next", h) + 1);
});
INLAY_NETWORK(model);
