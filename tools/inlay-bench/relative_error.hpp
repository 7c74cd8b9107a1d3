// SPDX-License-Identifier: Apache-2.0
// Measures how far a contestant's results are from double arithmetic.
#pragma once

#include <span>

namespace inlay::bench {

/// The largest difference, relative to the exact value or to the root mean square of all exact values, whichever is
/// larger: a sum that cancels to less has few accurate digits in f32. If infinities and NaN are not where `exact` has
/// them, the error is NaN.
double relative_error(std::span<const float> found, std::span<const float> exact);

/// The content of outputs before a contestant runs: a NaN that no contestant computes and that relative_error() never
/// accepts.
float unwritten();

}  // namespace inlay::bench
