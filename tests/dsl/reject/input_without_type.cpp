// SPDX-License-Identifier: Apache-2.0
// An input without an element type.
// expect: an input has an element type, sizes and a name
// expect: input_without_type.cpp:9
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<4>("x"), [](auto x) {
  auto h = x;
  return relu(dense<4>("next", h) + 1);
});
INLAY_NETWORK(model);
