// SPDX-License-Identifier: Apache-2.0
// Two conditions joined with &&, as if their values were known.
// expect: instead of if, ?:, && and || use where(condition, yes, no)
// expect: and_of_values.cpp:10
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) {
  auto h = where(x > 0 && x < 1, x, -x);
  return relu(dense<4>("next", h) + 1);
});
INLAY_NETWORK(model);
