// SPDX-License-Identifier: Apache-2.0
// Two layers with small whole numbers as weights, so that every instruction set computes the same.
#pragma once

#include <array>
#include <inlay/dsl.hpp>

template <std::size_t N>
constexpr std::array<float, N> whole_numbers() {
  std::array<float, N> all{};
  for (std::size_t i = 0; i < N; ++i) all[i] = static_cast<float>(static_cast<int>(i * 7 % 5) - 2);
  return all;
}

inline constexpr auto first_weights = whole_numbers<40 * 24>();
inline constexpr auto second_weights = whole_numbers<9 * 40>();

inline constexpr auto shipped = inlay::network("shipped", inlay::input<inlay::f32, 24>("x"), [](auto x) {
  auto h = inlay::relu(inlay::dense("fc1", x, inlay::constant<inlay::f32, 40, 24>(first_weights)));
  return inlay::dense("fc2", h, inlay::constant<inlay::f32, 9, 40>(second_weights));
});
