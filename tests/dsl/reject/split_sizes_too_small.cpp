// SPDX-License-Identifier: Apache-2.0
// Sizes that do not add up to the axis.
// expect: axes, starts and sizes must lie inside of the operand's shape
// expect: sizes that add up to 8 (axis 0)
// expect: a sum of 7
// expect: fc1
// expect: split_sizes_too_small.cpp:13
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) {
  auto [a, b] = split<0, 3, 4>(dense<8>("fc1", x));
  return concat(b, a);
});
INLAY_NETWORK(model);
