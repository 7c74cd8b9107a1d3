// SPDX-License-Identifier: Apache-2.0
// What the parts of the error analysis share, and the bounds of runs of elements: of reductions and norms.
#pragma once

#include "bounds.hpp"
#include "inlay/operations.hpp"

namespace inlay::fuzz {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kUnit = 0x1p-24;       // half an ulp of 1
inline constexpr double kDenormal = 0x1p-149;  // an ulp of 0
inline constexpr double kGreatest = std::numeric_limits<float>::max();

inline constexpr bounded kUnknown{0, kInfinity};

/// The bound of a computed value. If it may overflow, anything may come out. NaN and infinity are certain, unless the
/// error is infinite or NaN.
bounded settled(double value, double error);

/// The bound of a sum, mean, extreme or place. A sum is like that of a pool. An extreme is off by no more than the
/// largest error. Its place is that of any element that may be the extreme.
bounded reduced(ops::reduction kind, std::span<const bounded> run);

/// The bounds of a run that is normalised, and the largest number on the way.
struct normalised {
  std::vector<bounded> results;
  bounded largest;
};
normalised normalised_run(std::span<const bounded> run, bool centred, double eps);

}  // namespace inlay::fuzz
