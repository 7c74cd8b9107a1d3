// SPDX-License-Identifier: Apache-2.0
// What an activation does on an interval of its argument: its values, and its steepest slope. Formulas and derivatives
// are those of the table of activations.
#pragma once

#include <optional>

#include "inlay/graph.hpp"
#include "interval.hpp"

namespace inlay::saturation {

/// An activation with its parameters, as an instruction calls it.
struct applied_function {
  activation function{};
  double p0 = 0, p1 = 0;
  accuracy tier{};

  static applied_function of(const instruction& c) {
    return {c.function, static_cast<double>(c.p0), static_cast<double>(c.p1), c.tier};
  }
  double value(double x) const { return row_of(function).formula(x, p0, p1); }
  /// What a training step takes for the derivative of a jump (straight_through) is not its slope.
  double slope(double x) const {
    const bool jumps = function == activation::step || function == activation::sign;
    return row_of(function).derivative(x, jumps ? 0 : p0, jumps ? 0 : p1);
  }
};

/// The values of the formula for all arguments in `x`, which is known; unknown if one is NaN or infinite.
interval values_on(const applied_function& f, const interval& x);
/// The same, widened by the error that the table's contract permits to compiled code.
interval compiled_values_on(const applied_function& f, const interval& x);

/// The largest |derivative| for arguments in `x`, within 1e-6 of itself.
double steepest_on(const applied_function& f, const interval& x);
/// The largest |derivative| anywhere, or nothing if there is none: for exp, log, sqrt, rsqrt, square and reciprocal,
/// and for parameters with which another derivative is unbounded. It is 0 for step and sign.
std::optional<double> steepest(const applied_function& f);

/// Whether the activation is one that cuts off or damps what is negative, and keeps what is positive.
bool is_like_relu(activation function);
/// Whether an activation like relu is linear on `x`: it yields its argument, which selu multiplies by a constant.
bool is_on(const applied_function& f, const interval& x);

}  // namespace inlay::saturation
