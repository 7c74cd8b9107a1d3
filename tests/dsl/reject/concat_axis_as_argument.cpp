// SPDX-License-Identifier: Apache-2.0
// A concat whose axis is an argument.
// expect: the axis in angle brackets: concat(a, b) or concat<1>(a, b, c)
// expect: concat_axis_as_argument.cpp:10
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) {
  auto h = concat(x, x, 0);
  return relu(dense<4>("next", h) + 1);
});
INLAY_NETWORK(model);
