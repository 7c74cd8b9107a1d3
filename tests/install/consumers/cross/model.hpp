// SPDX-License-Identifier: Apache-2.0
// A layer that is large enough to be divided among threads. Its weights are all 1.
#pragma once
#include <inlay/dsl.hpp>

constexpr auto ones = [] {
  std::array<float, 64 * WIDTH> all{};
  all.fill(1);
  return all;
}();

inline constexpr auto wide = inlay::network("wide", inlay::input<inlay::f32, WIDTH>("x"), [](auto x) {
  return dense("sums", relu(x), inlay::constant<inlay::f32, 64, WIDTH>(ones));
});
