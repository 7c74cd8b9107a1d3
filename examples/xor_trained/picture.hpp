// SPDX-License-Identifier: Apache-2.0
// Draws what trained networks make of XOR: in the plane of the inputs, and in the space of their hidden neurons.
#pragma once

#include <array>
#include <string>
#include <vector>

namespace xor_example {

inline constexpr int grid = 40;  ///< cells along each side of the plane, which is [-0.5, 1.5] x [-0.5, 1.5]

struct point {
  double x = 0, y = 0;
};

/// A trained network.
struct view {
  std::string name;
  std::vector<float> answers;     ///< for the middle of each cell, line by line from the top
  std::array<point, 4> hidden{};  ///< the corners as the output neuron sees them: x is what it weighs
  double threshold = 0;           ///< the x from which on it says 1
};

/// The middle of cell `i` along an axis.
constexpr float middle_of(int i) { return -0.5f + 2.0f * (static_cast<float>(i) + 0.5f) / grid; }

/// Where the corners lie in the space of the hidden neurons, seen so that the output neuron's border is vertical:
/// `hidden` has the neurons of each corner, `weight` and `bias` are the output neuron's.
void project(view& of, const std::array<std::vector<double>, 4>& hidden, const std::vector<double>& weight,
             double bias);

/// The drawing, an SVG file.
std::string picture_of(const std::vector<view>& networks);

}  // namespace xor_example
