// SPDX-License-Identifier: Apache-2.0
// An operand that is neither a value nor a number.
// expect: the operands of a pointwise expression are values and numbers
// expect: operand_of_text.cpp:10
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) {
  auto h = x + "1";
  return relu(dense<4>("next", h) + 1);
});
INLAY_NETWORK(model);
