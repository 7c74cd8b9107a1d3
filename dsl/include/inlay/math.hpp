// SPDX-License-Identifier: Apache-2.0
// Elementary functions in double: libm at run time, short series in constant expressions.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace inlay::math {

// Made and tested by their bits: with -ffast-math compilers warn about std::numeric_limits' infinity and NaN, and they
// remove comparisons with NaN.
inline constexpr double infinity = std::bit_cast<double>(std::uint64_t{0x7ff0000000000000});
inline constexpr double nan = std::bit_cast<double>(std::uint64_t{0x7ff8000000000000});

constexpr bool is_nan(double x) { return std::bit_cast<std::uint64_t>(x) << 1 > 0xffe0000000000000u; }
/// a == b, without the warning of -Wfloat-equal.
constexpr bool is_equal(double a, double b) { return a <= b && a >= b; }

namespace detail {

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

/// exponent ln2 + log(1 + f) for |f| <= 0.42, with log(1 + f) = 2 atanh(f / (2 + f)).
constexpr double log_series(double f, int exponent) {
  const double s = f / (2 + f), z = s * s;
  double sum = 0;
  for (int i = 35; i >= 1; i -= 2) sum = sum * z + 1.0 / i;
  return exponent * ln2_high + (2 * s * sum + exponent * ln2_low);
}

/// Divides m and low by a power of two, so that m is in [sqrt(1/2), sqrt(2)]. Returns the exponent of that power.
constexpr int normalize(double& m, double& low) {
  int exponent = 0;
  for (; m > 1.4142135623730951; m /= 2, low /= 2) ++exponent;
  for (; m < 0.7071067811865476; m *= 2, low *= 2) --exponent;
  return exponent;
}

/// log(1 + y) for y > -1.
constexpr double log_of_one_plus(double y) {
  double m = 1 + y, low = y - (m - 1);  // m + low is 1 + y up to rounding of low
  const int exponent = normalize(m, low);
  return log_series(exponent == 0 ? y : (m - 1) + low, exponent);
}

}  // namespace detail

/// a / b. Gives IEEE's result for b = 0, by which a constant expression may not divide.
constexpr double divide(double a, double b) {
  if (is_nan(b) || !is_equal(b, 0)) return a / b;
  if (is_nan(a) || is_equal(a, 0)) return nan;
  return (a < 0) != (std::bit_cast<std::uint64_t>(b) >> 63 != 0) ? -infinity : infinity;
}

constexpr double exp(double x) {
  if (!std::is_constant_evaluated()) return std::exp(x);
  if (is_nan(x)) return x;
  if (x > 709.79) return infinity;
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
  if (is_nan(x) || is_equal(x, infinity)) return x;
  if (x < -1) return nan;
  return is_equal(x, -1) ? -infinity : detail::log_of_one_plus(x);
}

constexpr double tanh(double x) {
  if (!std::is_constant_evaluated()) return std::tanh(x);
  if (is_nan(x)) return x;
  if (x > 20 || x < -20) return x < 0 ? -1 : 1;
  const double e = expm1(2 * (x < 0 ? -x : x));
  const double t = e / (e + 2);
  return x < 0 ? -t : t;
}

constexpr double sqrt(double x) {
  if (!std::is_constant_evaluated()) return std::sqrt(x);
  if (is_nan(x) || is_equal(x, 0) || is_equal(x, infinity)) return x;
  if (x < 0) return nan;
  int halvings = 0;
  double m = x;
  for (; m >= 4; m /= 4) ++halvings;
  for (; m < 1; m *= 4) --halvings;
  double root = m;
  for (int i = 0; i < 8; ++i) root = 0.5 * (root + m / root);  // Newton; quadratic from within a factor of 2
  return detail::scale(root, halvings);
}

constexpr double log(double x) {
  if (!std::is_constant_evaluated()) return std::log(x);
  if (is_nan(x) || is_equal(x, infinity)) return x;
  if (x <= 0) return is_equal(x, 0) ? -infinity : nan;
  double none = 0;
  const int exponent = detail::normalize(x, none);
  return detail::log_series(x - 1, exponent);
}

namespace detail {

/// sin(r) and cos(r) for |r| <= pi / 4 by their Taylor series.
constexpr double sine_series(double r) {
  double term = r, sum = 0;
  for (int i = 1; i < 24; i += 2) sum += term, term *= -r * r / ((i + 1) * (i + 2));
  return sum;
}
constexpr double cosine_series(double r) {
  double term = 1, sum = 0;
  for (int i = 0; i < 24; i += 2) sum += term, term *= -r * r / ((i + 1) * (i + 2));
  return sum;
}
/// sin(x + quarter * pi / 2), for constant expressions. NaN for |x| >= 2^30.
constexpr double sine_of(double x, long quarter) {
  if (!(x > -0x1p30 && x < 0x1p30)) return nan;
  const long n = static_cast<long>(x * 0.63661977236758134308 + (x < 0 ? -0.5 : 0.5));
  const auto d = static_cast<double>(n);
  const double r = ((x - d * 0x1.921fb544p0) - d * 0x1.0b4611a6p-34) - d * 0x1.3198a2e037073p-69;
  const long quadrant = (n + quarter) & 3;
  const double s = (quadrant & 1) != 0 ? cosine_series(r) : sine_series(r);
  return (quadrant & 2) != 0 ? -s : s;
}

}  // namespace detail

constexpr double sin(double x) { return std::is_constant_evaluated() ? detail::sine_of(x, 0) : std::sin(x); }
constexpr double cos(double x) { return std::is_constant_evaluated() ? detail::sine_of(x, 1) : std::cos(x); }

/// erfc(x) = 1 - erf(x), accurate in the tail.
constexpr double erfc(double x) {
  if (!std::is_constant_evaluated()) return std::erfc(x);
  if (is_nan(x)) return x;
  if (x < 0) return 2 - erfc(-x);
  if (x > 27) return 0;
  if (x < 2) {  // 1 - erf by Abramowitz and Stegun 7.1.6, all terms positive
    double term = x, sum = 0;
    for (int n = 1; n < 80; ++n) sum += term, term *= 2 * x * x / (2 * n + 1);
    return 1 - 1.1283791670955125739 * exp(-x * x) * sum;
  }
  double fraction = 0;  // continued fraction 7.1.14
  for (int k = 120; k >= 1; --k) fraction = 0.5 * k / (x + fraction);
  return exp(-x * x) * 0.56418958354775628695 / (x + fraction);
}

constexpr double erf(double x) {
  if (!std::is_constant_evaluated()) return std::erf(x);
  if (is_nan(x)) return x;
  if (x > -0.5 && x < 0.5) {  // 7.1.5
    double term = x, sum = 0;
    for (int n = 0; n < 40; ++n) sum += term / (2 * n + 1), term *= -x * x / (n + 1);
    return 1.1283791670955125739 * sum;
  }
  return x < 0 ? erfc(-x) - 1 : 1 - erfc(x);
}

}  // namespace inlay::math
