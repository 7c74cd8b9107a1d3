// SPDX-License-Identifier: Apache-2.0
// Intervals that hold a value whether it is computed in double or in f32. An interval is finite or unknown.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "inlay/math.hpp"

namespace inlay::saturation {

/// The numbers from `low` to `high`, both of which f32 can represent in magnitude. Where either is NaN nothing is
/// known: the value may be any number, an infinity or NaN.
struct interval {
  double low = 0, high = 0;

  constexpr bool is_known() const { return low <= high; }
  constexpr bool is_point() const { return low <= high && low >= high; }
  constexpr bool holds(double x) const { return low <= x && x <= high; }
  constexpr bool holds(const interval& other) const { return low <= other.low && other.high <= high; }
};

inline constexpr interval kUnknown{math::nan, math::nan};

/// A rounding to f32 changes a normal number by this share of it at most, and any number by `kDenormal` more.
inline constexpr double kRounding = 0x1p-24, kDenormal = 0x1p-149;

/// [low, high], or unknown if f32 may overflow or an end is NaN.
constexpr interval settled(double low, double high) {
  constexpr double most = std::numeric_limits<float>::max();
  return low <= high && low >= -most && high <= most ? interval{low, high} : kUnknown;
}

/// Moves both ends outwards by this share of themselves and a denormal. No end crosses 0, because no rounding does, and
/// 0 stays 0, because it is exact.
interval widened(const interval& x, double share);

/// The least interval that holds both; unknown if either is.
constexpr interval hull(const interval& a, const interval& b) {
  if (!a.is_known() || !b.is_known()) return kUnknown;
  return {std::min(a.low, b.low), std::max(a.high, b.high)};
}

/// The magnitude that no number of the interval exceeds.
constexpr double size_of(const interval& x) {
  return std::max(x.low < 0 ? -x.low : x.low, x.high < 0 ? -x.high : x.high);
}

/// Products and quotients, not rounded. A quotient by an interval that holds 0 is unknown.
interval product(const interval& a, const interval& b);
interval quotient(const interval& a, const interval& b);

}  // namespace inlay::saturation
