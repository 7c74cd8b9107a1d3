// SPDX-License-Identifier: Apache-2.0
// A dense layer of a number.
// expect: dense is called as dense<outputs>("name", x)
// expect: dense_of_a_number.cpp:10
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) {
  auto h = x + dense<4>("fc", 1.0f);
  return relu(dense<4>("next", h) + 1);
});
INLAY_NETWORK(model);
