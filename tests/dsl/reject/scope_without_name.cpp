// SPDX-License-Identifier: Apache-2.0
// A scope without a name.
// expect: scope is called as scope("name", x, [](auto x) { ... })
// expect: scope_without_name.cpp:10
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) {
  auto h = scope(x, [](auto y) { return relu(y); });
  return relu(dense<4>("next", h) + 1);
});
INLAY_NETWORK(model);
