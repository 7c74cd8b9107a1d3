// SPDX-License-Identifier: Apache-2.0
// What a network computes, in double, and how far f32 code may be from it: a running error analysis. Shares no code
// with the compiler's lowerings or the interpreter.
#pragma once

#include <limits>
#include <span>
#include <vector>

#include "inlay/graph.hpp"
#include "inlay/weights.hpp"

namespace inlay::fuzz {

/// A value and how far a compiled one may be from it. NaN and infinities stand for themselves and have error 0. An
/// infinite error means that anything may come out.
struct bounded {
  double value = 0;
  double error = 0;

  bool is_known() const { return error < std::numeric_limits<double>::infinity(); }
};

struct bound_options {
  bool bf16_weights = false;
  double activation_ulp = 0;  ///< the least error of every activation, for engines that keep no contract
};

/// The outputs of a batch.
struct expectation {
  std::vector<std::vector<bounded>> outputs;  ///< in the graph's order, sample after sample
  /// By sample: every value on the way is finite and far from overflow, so that no floating-point flag may be raised
  /// but inexact, underflow and denormal.
  std::vector<bool> calm;
  /// By sample: something overflows in f32 that does not in double.
  std::vector<bool> overflows;
};

/// Evaluates `batch` samples. `inputs` in the graph's order.
expectation evaluate_with_bounds(const graph_view& graph, const weights& w, std::span<const std::vector<float>> inputs,
                                 std::size_t batch, const bound_options& options);

/// Whether `found` is what `expected` allows.
bool allows(const bounded& expected, float found);

}  // namespace inlay::fuzz
