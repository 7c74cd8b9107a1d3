// SPDX-License-Identifier: Apache-2.0
// A dense layer without a number of outputs.
// expect: dense is called as dense<outputs>("name", x)
// expect: dense_without_size.cpp:10
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) {
  auto h = dense("fc", x);
  return relu(dense<4>("next", h) + 1);
});
INLAY_NETWORK(model);
