// SPDX-License-Identifier: Apache-2.0
// Vector forms of the activations in the table, made of the elementary functions. NaN in gives NaN out: x is the second
// operand of every minimum and maximum, and NaN fails every comparison.
#ifndef INLAY_CODEGEN_ACTIVATIONFORMULAS_H
#define INLAY_CODEGEN_ACTIVATIONFORMULAS_H

#include "Math/ApproximateFormulas.h"
#include "Math/SpecialFormulas.h"

namespace inlay::compiler::formulas {

/// max(x, 0).
template <class B>
typename B::Float relu(B &b, typename B::Float x) {
  return b.max(b.constant(0.0f), x);
}

template <class B>
typename B::Float leakyRelu(B &b, typename B::Float x, float slope) {
  // The product that the select drops must not be 0 times infinity and must not overflow.
  const bool keeps = std::abs(slope) <= 1;
  auto below = keeps ? x : b.min(b.constant(-std::numeric_limits<float>::denorm_min()), x);
  return b.select(b.lt(x, b.constant(0.0f)), b.mul(below, b.constant(slope)), x);
}

/// 1 where x > threshold, NaN where x is NaN, else 0.
template <class B>
typename B::Float step(B &b, typename B::Float x, float threshold) {
  if (b.has_avx512() && threshold == 0.0f) return b.unit_step(x);
  auto fires = b.select(b.gt(x, b.constant(threshold)), b.constant(1.0f), b.constant(0.0f));
  return b.select(b.is_nan(x), x, fires);
}

/// The largest float x for which beta x > threshold does not hold, for beta > 0. In double the product is exact.
inline float lastBelow(double beta, double threshold) {
  const auto at = [](int64_t place) {  // floats in order, both zeros at place 0
    return std::bit_cast<float>(static_cast<uint32_t>(place < 0 ? (int64_t{1} << 31) - place : place));
  };
  const int64_t infinity = std::bit_cast<int32_t>(std::numeric_limits<float>::infinity());
  int64_t last = -infinity, beyond = infinity + 1;
  while (beyond - last > 1) {
    const int64_t middle = last + (beyond - last) / 2;
    (beta * double(at(middle)) > threshold ? beyond : last) = middle;
  }
  return at(last);
}

/// log(1 + exp(beta x)) / beta for a beta that is 0, infinite or NaN: what the formula gives in double.
template <class B>
typename B::Float degenerateSoftplus(B &b, typename B::Float x, float beta, float threshold) {
  constexpr float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  if (std::isnan(beta)) return b.add(x, b.constant(nan));
  if (beta != 0)
    return b.select(b.lt(beta > 0 ? x : b.neg(x), b.constant(0.0f)), b.constant(std::copysign(0.0f, beta)),
                    b.constant(nan));
  auto zero = b.mul(x, b.constant(0.0f));  // NaN for infinity
  return b.add(zero, threshold < 0 ? x : b.constant(std::copysign(infinity, beta)));
}

/// softplus(x) = log(1 + exp(t)) / beta with t = beta x, and x where t > threshold.
template <class B>
typename B::Float softplus(B &b, typename B::Float x, float beta, float threshold, bool fast) {
  auto soft = beta == 1.0f                          ? softplusOf(b, x, fast)
              : beta != 0.0f && std::isfinite(beta) ? scaledSoftplus(b, x, beta, fast)
                                                    : degenerateSoftplus(b, x, beta, threshold);
  if (beta == 0.0f || std::isnan(beta) || std::isnan(threshold)) return soft;
  const float last = lastBelow(double(std::abs(beta)), double(threshold));
  return b.select(beta > 0 ? b.gt(x, b.constant(last)) : b.lt(x, b.constant(-last)), x, soft);
}

/// alpha (exp(t) - 1) for t = c / alpha, t <= 21. alpha r is computed as c - n alpha ln2, rounded once: t's rounding
/// error, multiplied by alpha, would make the result inaccurate where t is small. `lacking`, if given, is t's rounding
/// error.
template <class B>
typename B::Float exponentialOfQuotient(B &b, typename B::Float t, typename B::Float c, float alpha,
                                        std::optional<typename B::Float> lacking = {}) {
  MultipleOfLn2<B> multiple(b, t, /*table=*/false);
  auto r = multiple.rest(b, t);
  if (lacking) r = b.add(r, *lacking);
  const double product = double(alpha) * 0x1.62e42fefa39efp-1;
  const float high = float(product), low = float(product - double(high));
  auto scaledR = b.fma(multiple.n, b.constant(-low), b.fma(multiple.n, b.constant(-high), c));
  auto scaledLow = b.fma(b.mul(b.mul(r, r), b.constant(alpha)), exponentialSeries(b, r), scaledR);
  auto power = PowerOfTwo<B>(b, multiple.n).scale(b.constant(1.0f));
  return b.fma(power, scaledLow, b.mul(b.sub(power, b.constant(1.0f)), b.constant(alpha)));
}

/// alpha (exp(x / alpha) - 1) for x <= 0 and alpha < 0, so that the quotient may be large.
template <class B>
typename B::Float growingExponential(B &b, typename B::Float x, float alpha) {
  int exponent;
  const float m = std::frexp(alpha, &exponent);  // alpha = m 2^exponent
  const double size = std::abs(double(alpha)), most = double(std::numeric_limits<float>::max());
  // Beyond, the result is infinite already.
  auto c = b.max(b.constant(-float(std::min((90 - std::min(0.0, std::log(size))) * size, most))), x);
  auto t = b.div(c, b.constant(alpha));
  auto low = b.div(b.fma(b.neg(t), b.constant(alpha), c), b.constant(alpha));  // t's rounding error
  // Beyond 20, subtracting 1 makes no difference.
  ExpParts<B> parts(b, t, /*table=*/false);
  auto rest = b.fma(low, b.add(parts.low, b.constant(1.0f)), parts.low);
  auto large = PowerOfTwo<B>(b, b.min(b.constant(240.0f), b.add(parts.n, b.constant(float(exponent)))))
                   .scale(b.fma(b.constant(m), rest, b.constant(m)));
  // Up to 20, scaled by `unit` so that nothing overflows. Where the quotient is so small that it may be denormal, the
  // result is x.
  const float unit = size > 0x1p80 ? 0x1p-40f : size < 0x1p-60 ? 0x1p90f : 1.0f;
  auto near = b.min(b.constant(21.0f), t);
  auto small =
      b.mul(exponentialOfQuotient(
                b, near, b.mul(b.max(b.constant(float(std::max(21 * double(alpha), -most))), c), b.constant(unit)),
                alpha * unit, low),
            b.constant(1 / unit));
  small = b.select(b.gt(t, b.constant(0x1p-60f)), small, x);
  return b.select(b.gt(t, b.constant(20.0f)), large, small);
}

/// factor (exp(x / alpha) - 1) for x < 0. No step overflows, whatever x is.
template <class B>
typename B::Float exponentialBelow(B &b, typename B::Float x, float alpha, float factor) {
  if (alpha == 1.0f) {
    // An infinite factor times exp(0) - 1 would be invalid, although nothing uses it.
    if (std::isinf(factor)) x = b.select(b.lt(x, b.constant(0.0f)), x, b.constant(-1.0f));
    return scaledExpm1(b, b.limited_below(x, 20.0f), factor);
  }
  if (alpha == 0.0f || !std::isfinite(alpha))  // the limits that the formula has in double
    return b.constant(alpha == 0.0f && !std::signbit(alpha) ? -0.0f : std::numeric_limits<float>::quiet_NaN());
  if (alpha < 0.0f) return growingExponential(b, b.min(b.constant(0.0f), x), alpha);
  const double limit = 20 * double(alpha), most = double(std::numeric_limits<float>::max());
  auto c = b.limited_below(x, float(std::min(limit, most)));
  auto result = exponentialOfQuotient(b, b.div(c, b.constant(alpha)), c, alpha);
  if (limit <= most) return result;
  return b.select(b.lt(x, b.constant(-std::numeric_limits<float>::max())), b.constant(-alpha), result);  // for -inf
}

/// scale x for x >= 0, factor (exp(x / alpha) - 1) below. If alpha is not 1, the factor must be alpha.
template <class B>
typename B::Float exponentialLinear(B &b, typename B::Float x, float alpha, float factor, float scale) {
  auto below = exponentialBelow(b, x, alpha, factor);
  // The product that the select drops must not overflow. The limit is not 0, because LLVM removes a limit that repeats
  // the select's condition.
  auto above = scale == 1.0f ? x : b.mul(b.max(b.constant(-1.0f), x), b.constant(scale));
  return b.select(b.lt(x, b.constant(0.0f)), below, above);
}

template <class B>
typename B::Float hardSigmoid(B &b, typename B::Float x) {
  return b.div(clampTo(b, b.add(x, b.constant(3.0f)), 0.0f, 6.0f), b.constant(6.0f));
}

template <class B>
typename B::Float hardSwish(B &b, typename B::Float x) {
  // -3 and below give -0, also at -inf, where x times 0 would be NaN.
  return b.mul(b.max(b.constant(-3.0f), x), hardSigmoid(b, x));
}

template <class B>
typename B::Float logSigmoid(B &b, typename B::Float x, bool fast) {
  return b.neg(softplusOf(b, b.neg(x), fast));
}

/// x / (1 + |x|). The clamp avoids inf / inf.
template <class B>
typename B::Float softsign(B &b, typename B::Float x) {
  auto c = clampTo(b, x, -0x1p100f, 0x1p100f);
  return b.div(c, b.add(b.constant(1.0f), b.abs(c)));
}

template <class B>
typename B::Float sign(B &b, typename B::Float x) {
  auto zero = b.constant(0.0f);
  auto positive = b.select(b.gt(x, zero), b.constant(1.0f), x);
  return b.select(b.lt(x, zero), b.constant(-1.0f), positive);
}

}  // namespace inlay::compiler::formulas

#endif  // INLAY_CODEGEN_ACTIVATIONFORMULAS_H
