// SPDX-License-Identifier: Apache-2.0
// A dense layer whose name comes after its value.
// expect: dense is called as dense<outputs>("name", x)
// expect: dense_name_last.cpp:10
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) {
  auto h = dense<4>(x, "fc");
  return relu(dense<4>("next", h) + 1);
});
INLAY_NETWORK(model);
