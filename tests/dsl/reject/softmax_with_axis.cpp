// SPDX-License-Identifier: Apache-2.0
// A softmax with an axis.
// expect: softmax is called as softmax(x) and runs over the last axis
// expect: softmax_with_axis.cpp:10
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) {
  auto h = softmax(x, 1);
  return relu(dense<4>("next", h) + 1);
});
INLAY_NETWORK(model);
