// SPDX-License-Identifier: Apache-2.0
// A network with most kinds of expressions.
#pragma once
#include <inlay/dsl.hpp>

inline constexpr auto small = inlay::network("small", inlay::input<inlay::f32, 4>("x"), [](auto x) {
  auto h = relu(dense("fc", x, inlay::constant<inlay::f32, 2, 4>({1, 0, 0, 1, 0, 1, 1, 0}))) * 2;
  return softmax(concat(h, where(x > 0, tanh(x), -x)));
});
