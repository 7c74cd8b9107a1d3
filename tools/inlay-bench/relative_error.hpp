// SPDX-License-Identifier: Apache-2.0
// How far a contestant's results are from double arithmetic.
#pragma once

#include <span>

namespace inlay::bench {

/// The largest difference, relative to the exact value or, where that is smaller, to the root mean square of all exact
/// values: below that, sums that cancel have no accurate digits in f32. Infinities and NaN must be where `exact` has
/// them; NaN is the error if they are not.
double relative_error(std::span<const float> found, std::span<const float> exact);

/// A NaN that no contestant computes: what outputs hold before it runs. relative_error() never takes it for right.
float unwritten();

}  // namespace inlay::bench
