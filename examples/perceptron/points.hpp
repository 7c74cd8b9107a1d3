// SPDX-License-Identifier: Apache-2.0
// The points that the neuron learns: some that a line separates, and XOR.
#pragma once

#include <array>

#include "perceptron.hpp"

namespace perceptron_example {

/// 40 points of a square, except where 2x + 3y is nearly 0.5. The neuron shall fire above that line.
constexpr std::array<point, 40> make_separable() {
  constexpr double offset = 0.5, gap = 0.45;
  std::array<point, 40> points{};
  random_numbers draw(126704);
  for (std::size_t i = 0; i < points.size();) {
    const double x = draw.coordinate(), y = draw.coordinate();
    const double above = 2 * x + 3 * y - offset;
    if (above < gap && above > -gap) continue;
    points[i++] = {x, y, above > 0};
  }
  return points;
}

inline constexpr std::array<point, 40> separable = make_separable();
inline constexpr std::array<point, 4> xor_points{{{0, 0, false}, {0, 1, true}, {1, 0, true}, {1, 1, false}}};

/// The patience for points that no line separates.
inline constexpr int most_rounds = 1000;

/// The C++ compiler learns both.
inline constexpr training learned = learn(separable, most_rounds);
inline constexpr training learned_xor = learn(xor_points, most_rounds);

}  // namespace perceptron_example
