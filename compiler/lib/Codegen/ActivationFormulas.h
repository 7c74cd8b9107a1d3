// SPDX-License-Identifier: Apache-2.0
// The activations as vector arithmetic, written over a builder so that they read as formulas. Branch-free: every
// path is computed and selected.
#ifndef INLAY_CODEGEN_ACTIVATIONFORMULAS_H
#define INLAY_CODEGEN_ACTIVATIONFORMULAS_H

#include <initializer_list>
#include <limits>

namespace inlay::compiler::formulas {

/// c[0] + x c[1] + x^2 c[2] + ..., by Horner's rule in fused steps.
template <class B>
typename B::Float polynomial(B &b, typename B::Float x, std::initializer_list<float> coefficients) {
  const float *c = coefficients.end();
  typename B::Float sum = b.constant(*--c);
  while (c != coefficients.begin()) sum = b.fma(sum, x, b.constant(*--c));
  return sum;
}

/// x = n ln2 + r with integer n and |r| <= ln2 / 2 (Cody and Waite's two-part reduction). Rounding to n adds and
/// subtracts 1.5 * 2^23, which leaves the nearest integer.
template <class B>
struct ExpReduction {
  typename B::Float n, r;
  ExpReduction(B &b, typename B::Float x) {
    auto magic = b.constant(0x1.8p23f);
    n = b.sub(b.fma(x, b.constant(0x1.715476p0f), magic), magic);
    r = b.fma(n, b.constant(-0x1.62e4p-1f), x);
    r = b.fma(n, b.constant(-0x1.7f7d1cp-20f), r);
  }
};

/// exp(r) - 1 - r for |r| <= 0.347: r^2 times a minimax polynomial of degree 4, relative error of exp 2^-27.
template <class B>
typename B::Float expTail(B &b, typename B::Float r) {
  auto q = polynomial(b, r, {0x1.fffffap-2f, 0x1.55549p-3f, 0x1.555a22p-5f, 0x1.123b08p-7f, 0x1.695428p-10f});
  return b.mul(b.mul(r, r), q);
}

/// p * 2^n for |n| <= 252: two exact powers of two, so that a denormal result is rounded once.
template <class B>
typename B::Float scaleByPowerOfTwo(B &b, typename B::Float p, typename B::Float n) {
  if (b.has_scalef()) return b.scalef(p, n);
  // The low bits of n + 1.5 * 2^23 are n as an integer.
  auto whole = b.sub(b.bitcast_int(b.add(n, b.constant(0x1.8p23f))), b.constant_int(0x4b400000));
  auto half = b.shr_arithmetic(whole, 1);
  auto power = [&](typename B::Int exponent) {
    return b.bitcast_float(b.shl(b.add(exponent, b.constant_int(127)), 23));
  };
  return b.mul(b.mul(p, power(half)), power(b.sub(whole, half)));
}

/// exp(x). Beyond the clamps the result is 0 or inf already; NaN passes through them because it is the second operand.
template <class B>
typename B::Float exp(B &b, typename B::Float x) {
  x = b.min(b.constant(89.0f), b.max(b.constant(-105.0f), x));
  ExpReduction<B> reduced(b, x);
  auto p = b.add(b.constant(1.0f), b.add(reduced.r, expTail(b, reduced.r)));
  return scaleByPowerOfTwo(b, p, reduced.n);
}

/// sigmoid(x) = 1 / (1 + e) for x >= 0 and e / (1 + e) below, with e = exp(-|x|), which cannot overflow.
template <class B>
typename B::Float sigmoid(B &b, typename B::Float x) {
  auto e = exp(b, b.neg(b.abs(x)));
  auto numerator = b.select(b.lt(x, b.constant(0.0f)), e, b.constant(1.0f));
  return b.div(numerator, b.add(b.constant(1.0f), e));
}

/// tanh(x) = m / (m + 2) with m = exp(2|x|) - 1, without cancellation near 0; 1 beyond |x| = 9.02.
template <class B>
typename B::Float tanh(B &b, typename B::Float x) {
  auto magnitude = b.min(b.constant(9.02f), b.abs(x));
  ExpReduction<B> reduced(b, b.add(magnitude, magnitude));
  auto power = scaleByPowerOfTwo(b, b.constant(1.0f), reduced.n);
  auto m = b.fma(power, b.add(reduced.r, expTail(b, reduced.r)), b.sub(power, b.constant(1.0f)));
  return b.copysign(b.div(m, b.add(m, b.constant(2.0f))), x);
}

/// log(1 + e) for 0 <= e <= 1: 2 atanh(s), s = e / (2 + e) <= 1/3, by its series; the first term left out is 2^-29.
template <class B>
typename B::Float log1pOfUnit(B &b, typename B::Float e) {
  auto s = b.div(e, b.add(b.constant(2.0f), e));
  auto z = b.mul(s, s);
  auto tail = b.mul(z, polynomial(b, z, {1 / 3.0f, 1 / 5.0f, 1 / 7.0f, 1 / 9.0f, 1 / 11.0f, 1 / 13.0f, 1 / 15.0f}));
  auto twice = b.add(s, s);
  return b.fma(twice, tail, twice);
}

/// softplus(x) = (max(t, 0) + log(1 + exp(-|t|))) / beta with t = beta x, and x where t > threshold.
template <class B>
typename B::Float softplus(B &b, typename B::Float x, float beta, float threshold) {
  auto t = beta == 1.0f ? x : b.mul(x, b.constant(beta));
  auto soft = b.add(b.max(b.constant(0.0f), t), log1pOfUnit(b, exp(b, b.neg(b.abs(t)))));
  if (beta != 1.0f) soft = b.div(soft, b.constant(beta));
  return b.select(b.gt(t, b.constant(threshold)), x, soft);
}

/// max(x, 0); NaN is the second operand and so the result.
template <class B>
typename B::Float relu(B &b, typename B::Float x) {
  return b.max(b.constant(0.0f), x);
}

template <class B>
typename B::Float leakyRelu(B &b, typename B::Float x, float slope) {
  return b.select(b.lt(x, b.constant(0.0f)), b.mul(x, b.constant(slope)), x);
}

/// 1 where x > threshold, NaN where x is NaN, else 0.
template <class B>
typename B::Float step(B &b, typename B::Float x, float threshold) {
  auto fires = b.select(b.gt(x, b.constant(threshold)), b.constant(1.0f), b.constant(0.0f));
  return b.select(b.is_nan(x), x, fires);
}

}  // namespace inlay::compiler::formulas

#endif  // INLAY_CODEGEN_ACTIVATIONFORMULAS_H
