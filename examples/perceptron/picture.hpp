// SPDX-License-Identifier: Apache-2.0
// The picture of the learning rule, on points that a line separates and on XOR.
#pragma once

#include <span>
#include <string>

#include "analysis.hpp"

namespace perceptron_example {

/// How the rule went: the points, its updates, what it came to.
struct story {
  std::span<const point> points;
  std::span<const update> updates;
  training result;
};

/// `settled` is about points with the margin `apart`. `unsettled` is about XOR, whose updates become `repeats`.
std::string draw(const story& settled, const separation& apart, const story& unsettled, const cycle& repeats);

}  // namespace perceptron_example
