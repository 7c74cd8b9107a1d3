// SPDX-License-Identifier: Apache-2.0
// What can be seen from an activation's formula and derivative alone: where it is flat, its values, its curve.
#pragma once

#include <cmath>
#include <functional>
#include <vector>

#include "inlay/activations.hpp"

namespace inlay::activations_page {

struct interval {
  double low, high;  ///< an end may be infinite
  double length() const { return high - low; }
  bool is_everything() const { return std::isinf(low) && std::isinf(high); }
};

/// An end of the line of floats on which the result, rounded to f32, is the same everywhere.
struct constant_end {
  interval where;
  double value;
};

struct shape {
  interval values;                      ///< least and largest result, rounded to f32; NaN left out
  std::vector<interval> flat;           ///< the ends on which |derivative| < flat_slope: none, one, both, or all
  std::vector<constant_end> constants;  ///< those on which f32 cannot tell two results apart
  interval x, y;                        ///< what a picture of curve and derivative shows
};

/// A neuron with a smaller derivative learns next to nothing.
inline constexpr double flat_slope = 1e-4;

/// The shape of `row` at its default parameters.
shape shape_of(const activation_row& row);

/// The formula and the derivative of `row` at its default parameters.
std::function<double(double)> curve_of(const activation_row& row);
std::function<double(double)> derivative_of(const activation_row& row);

struct point {
  double x, y;
};
/// `f` over `x`, as lines without jumps: a line ends where f is not finite or jumps by more than `jump`.
std::vector<std::vector<point>> lines_of(const std::function<double(double)>& f, interval x, int steps, double jump);

}  // namespace inlay::activations_page
