// SPDX-License-Identifier: Apache-2.0
// Elementary functions in double that also work in constant expressions: libm at run time, short series otherwise.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace inlay::math {

namespace detail {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double ln2_high = 0x1.62e42fee00000p-1, ln2_low = 0x1.a39ef35793c76p-33;

constexpr double scale(double x, int exponent) {
  for (; exponent > 0; --exponent) x *= 2;
  for (; exponent < 0; ++exponent) x /= 2;
  return x;
}

/// exp(r) - 1 for |r| <= 0.35 by its Taylor series; relative error below 1e-16.
constexpr double expm1_series(double r) {
  double term = r, sum = 0;
  for (int i = 2; i <= 20; ++i) {
    sum += term;
    term *= r / i;
  }
  return sum;
}

/// log(1 + y) for y > -1: 2 atanh(y / (2 + y)) after taking the exponent off.
constexpr double log_of_one_plus(double y) {
  int exponent = 0;
  double m = 1 + y, low = y - (m - 1);  // m + low = 1 + y exactly enough for the correction below
  while (m > 1.4142135623730951) m /= 2, low /= 2, ++exponent;
  while (m < 0.7071067811865476) m *= 2, low *= 2, --exponent;
  const double f = exponent == 0 ? y : (m - 1) + low;
  const double s = f / (2 + f), z = s * s;
  double sum = 0;
  for (int i = 35; i >= 1; i -= 2) sum = sum * z + 1.0 / i;
  return exponent * ln2_high + (2 * s * sum + exponent * ln2_low);
}

}  // namespace detail

/// a / b with IEEE's results for b = 0, which a constant expression may not divide by.
constexpr double divide(double a, double b) {
  if (b != 0 || b != b) return a / b;
  if (a == 0 || a != a) return std::numeric_limits<double>::quiet_NaN();
  return (a < 0) != (std::bit_cast<std::uint64_t>(b) >> 63 != 0) ? -detail::infinity : detail::infinity;
}

constexpr double exp(double x) {
  if (!std::is_constant_evaluated()) return std::exp(x);
  if (x != x) return x;
  if (x > 709.79) return detail::infinity;
  if (x < -745.2) return 0;
  const int n = static_cast<int>(x * 1.4426950408889634 + (x < 0 ? -0.5 : 0.5));
  const double r = (x - n * detail::ln2_high) - n * detail::ln2_low;
  return detail::scale(1 + detail::expm1_series(r), n);
}

constexpr double expm1(double x) {
  if (!std::is_constant_evaluated()) return std::expm1(x);
  return x > -0.35 && x < 0.35 ? detail::expm1_series(x) : exp(x) - 1;
}

/// log(1 + x), accurate near 0.
constexpr double log1p(double x) {
  if (!std::is_constant_evaluated()) return std::log1p(x);
  if (x != x || x == detail::infinity) return x;
  if (x < -1) return std::numeric_limits<double>::quiet_NaN();
  return x == -1 ? -detail::infinity : detail::log_of_one_plus(x);
}

constexpr double tanh(double x) {
  if (!std::is_constant_evaluated()) return std::tanh(x);
  if (x != x) return x;
  if (x > 20 || x < -20) return x < 0 ? -1 : 1;
  const double e = expm1(2 * (x < 0 ? -x : x));
  const double t = e / (e + 2);
  return x < 0 ? -t : t;
}

}  // namespace inlay::math
