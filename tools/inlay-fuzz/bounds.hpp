// SPDX-License-Identifier: Apache-2.0
// A running error analysis: computes a network in double, and how far f32 code may be from the results. Shares no code
// with the compiler's lowerings or the interpreter.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "inlay/graph.hpp"
#include "inlay/weights.hpp"

namespace inlay::fuzz {

/// A value, and how far a compiled value may be from it. NaN and infinity have error 0: a compiled value must be the
/// same. With an infinite error anything may come out.
struct bounded {
  double value = 0;
  double error = 0;
  double terms = 0;  ///< of a sum that may be folded: the sum of the sizes of its terms after all folds; else 0

  /// What the rounding error of a sum that reads this value is proportional to.
  double size() const { return std::max(std::abs(value), terms); }
  bool is_known() const { return error < std::numeric_limits<double>::infinity(); }
};

struct bound_options {
  bool bf16_weights = false;
  double activation_ulp = 0;  ///< least error assumed for every activation, for engines that do not keep the contracts
};

/// The outputs of a batch.
struct expectation {
  std::vector<std::vector<bounded>> outputs;  ///< in the graph's order, sample after sample
  /// By sample: all intermediate values are finite and far from overflow. Then only the floating-point flags inexact,
  /// underflow and denormal may be raised.
  std::vector<bool> calm;
  /// By sample: a value overflows in f32 but not in double.
  std::vector<bool> overflows;
};

/// Evaluates `batch` samples, which are steps from the first one on if the graph has state. `inputs` are in the graph's
/// order.
expectation evaluate_with_bounds(const graph_view& graph, const weights& w, std::span<const std::vector<float>> inputs,
                                 std::size_t batch, const bound_options& options);

/// Whether `expected` allows the value `found`.
bool allows(const bounded& expected, float found);

}  // namespace inlay::fuzz
