// SPDX-License-Identifier: Apache-2.0
// Bounds of the instructions of a map. For an activation they look at the whole interval of its argument.
#include "bounds_of_scalars.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace inlay::fuzz {
namespace {

double ulp_of(double value) {
  const double magnitude = std::abs(value);
  if (!(magnitude >= 0x1p-126)) return kDenormal;
  return std::ldexp(1.0, std::ilogb(magnitude) - 23);
}

bool is_float(double value) { return static_cast<double>(static_cast<float>(value)) == value; }

/// Adds a rounding to f32 to `error`: `factor` roundings if the compiler may use several operations.
bounded rounded(double value, double error, double factor = 1) {
  if (!std::isfinite(value) || (error == 0 && factor <= 1 && is_float(value))) return settled(value, error);
  return settled(value, error + factor * (kUnit * std::abs(value) + kDenormal));
}

bounded either(const bounded& a, const bounded& b) {
  if (!a.is_known() || !b.is_known()) return kUnknown;
  if (std::isnan(a.value) && std::isnan(b.value)) return a;
  if (a.value == b.value) return {a.value, std::max(a.error, b.error)};
  if (!std::isfinite(a.value) || !std::isfinite(b.value)) return kUnknown;
  return {a.value, std::max(a.error, std::abs(a.value - b.value) + b.error)};
}

/// The result of a comparison: 0 or 1, or anything between if the errors can change it.
bounded compared(scalar_op code, const bounded& a, const bounded& b) {
  if (!a.is_known() || !b.is_known()) return {0.5, 0.5};
  const bool certain = std::isnan(a.value) || std::isnan(b.value) || (is_exact(a) && is_exact(b)) ||
                       !(std::abs(a.value - b.value) <= a.error + b.error);
  if (!certain) return {0.5, 0.5};
  bool holds = false;
  switch (code) {
    case scalar_op::less: holds = a.value < b.value; break;
    case scalar_op::less_equal: holds = a.value <= b.value; break;
    case scalar_op::greater: holds = a.value > b.value; break;
    case scalar_op::greater_equal: holds = a.value >= b.value; break;
    case scalar_op::equal: holds = a.value == b.value; break;
    default: holds = a.value != b.value; break;
  }
  return {holds ? 1.0 : 0.0, 0};
}

bounded divided(const bounded& a, const bounded& b) {
  if (!a.is_known() || !b.is_known()) return kUnknown;
  if (std::isnan(a.value) || std::isnan(b.value)) return {kNan, 0};
  // The sign of a computed zero is nobody's promise.
  if (b.value == 0 || std::abs(b.value) <= b.error) return kUnknown;
  const double quotient = a.value / b.value;
  if (!std::isfinite(a.value) || !std::isfinite(b.value)) return {quotient, 0};
  const double least = std::abs(b.value) - b.error;
  return rounded(quotient, (a.error + std::abs(quotient) * b.error) / least, is_exact(a) && is_exact(b) ? 1 : 2);
}

/// How far f may be from f(x) if x is off by up to `error`. Looks at the ends of the interval and between them, at the
/// slope, and where functions have kinks, jumps and poles, and sin and cos their extremes.
double spread(const activation_row& row, double x, double error, double p0, double p1) {
  const double middle = row.formula(x, p0, p1);
  const double low = x - error, high = x + error;
  double worst = std::abs(row.derivative(x, p0, p1)) * error;
  if (std::isnan(worst)) worst = 0;
  bool unbounded = false;
  const auto look = [&](double at) {
    if (!(at >= low && at <= high)) return;  // nor if it is NaN, the quotient of two parameters that are 0
    const double there = row.formula(at, p0, p1);
    if (there == middle) return;
    const double difference = std::abs(there - middle);
    if (std::isfinite(difference))
      worst = std::max(worst, difference);
    else
      unbounded = true;
  };
  for (int i = -4; i <= 4; ++i) look(x + error * i / 4);
  // gelu, silu and mish have their least values near -1, and are 0 on both sides of it.
  for (int i = -12; i <= 12; ++i) look(i / 2.0);
  for (double kink : {0.0, -0.0, p0, p1, -p0, p1 / p0, -3.0, 3.0, 6.0, std::nextafter(p0, kInfinity)}) look(kink);
  constexpr double quarter = std::numbers::pi / 2;
  for (int i = 0; i < 4; ++i) look((std::ceil(low / quarter) + i) * quarter);
  return unbounded ? kInfinity : 1.25 * worst;
}

bounded applied(const instruction& c, const bounded& x, double least_ulp) {
  if (!x.is_known()) return kUnknown;
  const activation_row& row = row_of(c.function);
  const double p0 = static_cast<double>(c.p0), p1 = static_cast<double>(c.p1);
  const double value = row.formula(x.value, p0, p1);
  if (std::isnan(x.value)) return {value, 0};
  // The sign of a computed zero is nobody's promise.
  if (x.value == 0) {
    const double other = row.formula(-x.value, p0, p1);
    if (other != value && !(std::isnan(other) && std::isnan(value))) return kUnknown;
  }
  double error = 0;
  if (x.error > 0) error = spread(row, x.value, x.error, p0, p1);
  if (!(error < kInfinity)) return kUnknown;
  if (!std::isfinite(value)) return {value, 0};
  // inlayc folds nothing into an activation, so a result clearly beyond the largest float is infinite for certain.
  if (std::abs(value) - error > 3.41e38 && error < std::abs(value)) return {std::copysign(kInfinity, value), 0};
  const bool periodic = c.function == activation::sin || c.function == activation::cos;
  if (periodic && std::abs(x.value) > 32768) return {value, 2};
  const double contract = std::max(least_ulp, static_cast<double>(row.contract(c.tier)));
  if (contract <= 0.5 && error == 0 && is_float(value)) return settled(value, 0);
  const double largest = std::abs(value) + error;
  const bool approximate = c.tier == accuracy::approximate && row.has_approximate;
  const double own = approximate ? approximate_error * std::max(1.0, largest) : contract * ulp_of(largest);
  return settled(value, error + own + kDenormal);
}

}  // namespace

bounded multiplied(const bounded& a, const bounded& b) {
  if (!a.is_known() || !b.is_known()) {
    return kUnknown;
  }
  const double product = a.value * b.value;
  if (std::isnan(product)) {
    // Infinity times a value that may be zero.
    const bool certain = std::isnan(a.value) || std::isnan(b.value) || (is_exact(a) && is_exact(b));
    return certain ? bounded{kNan, 0} : kUnknown;
  }
  if (std::isinf(a.value) || std::isinf(b.value)) {
    const bounded& finite = std::isinf(a.value) ? b : a;
    return std::abs(finite.value) > finite.error ? bounded{product, 0} : kUnknown;
  }
  return rounded(product, std::abs(a.value) * b.error + std::abs(b.value) * a.error + a.error * b.error);
}

bounded of_instruction(const instruction& c, std::span<const bounded> results, std::span<const bounded> operands,
                       double activation_ulp) {
  const std::uint32_t arity = scalar_arity(c.code);
  const bounded a = arity > 0 ? results[c.a] : bounded{}, b = arity > 1 ? results[c.b] : bounded{};
  switch (c.code) {
    case scalar_op::operand: return operands[c.a];
    case scalar_op::literal: return {static_cast<double>(c.p0), 0};
    case scalar_op::add:
    case scalar_op::subtract: {
      if (!a.is_known() || !b.is_known()) return kUnknown;
      const double sum = c.code == scalar_op::add ? a.value + b.value : a.value - b.value;
      // A denormal sum of exact operands is itself a float, so rounded() adds no error to it.
      return rounded(sum, a.error + b.error);
    }
    case scalar_op::multiply: return multiplied(a, b);
    case scalar_op::divide: return divided(a, b);
    case scalar_op::minimum:
    case scalar_op::maximum: {
      if (!a.is_known() || !b.is_known()) return kUnknown;
      if (std::isnan(a.value) || std::isnan(b.value)) return {kNan, 0};
      const bool first = c.code == scalar_op::minimum ? a.value < b.value : a.value > b.value;
      const bounded &chosen = first ? a : b, &other = first ? b : a;
      if (std::isinf(chosen.value) || std::isinf(other.value)) return chosen;
      return {chosen.value, std::max(a.error, b.error)};
    }
    case scalar_op::less:
    case scalar_op::less_equal:
    case scalar_op::greater:
    case scalar_op::greater_equal:
    case scalar_op::equal:
    case scalar_op::not_equal: return compared(c.code, a, b);
    case scalar_op::select: {
      const bounded& no = results[c.c];
      if (a.is_known() && (std::isnan(a.value) || std::abs(a.value) > a.error)) return b;
      if (is_exact(a)) return no;
      return either(b, no);
    }
    case scalar_op::apply: return applied(c, a, activation_ulp);
  }
  return kUnknown;
}

}  // namespace inlay::fuzz
