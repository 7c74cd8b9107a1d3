// SPDX-License-Identifier: Apache-2.0
// A dense layer with bias=False as in PyTorch.
// expect: dense<outputs>("name", x, no_bias)
// expect: dense_with_bias_false.cpp:10
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) {
  auto h = dense<4>("fc", x, false);
  return relu(dense<4>("next", h) + 1);
});
INLAY_NETWORK(model);
