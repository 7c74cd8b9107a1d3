// SPDX-License-Identifier: Apache-2.0
// The elementary functions behind the activations, as vector arithmetic over a builder. Branch-free: every path is
// computed and selected. Where a comment gives an error, it is relative to the exact function, in ulp of the result.
#ifndef INLAY_CODEGEN_ELEMENTARYFORMULAS_H
#define INLAY_CODEGEN_ELEMENTARYFORMULAS_H

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

/// x * 2^n for whole n, |n| <= 252: two exact powers of two, so that a denormal result is rounded once.
template <class B>
class PowerOfTwo {
 public:
  PowerOfTwo(B &b, typename B::Float exponent) : b(b), n(exponent), low(exponent), high(exponent) {
    if (b.has_scalef()) return;
    // The low bits of n + 1.5 * 2^23 are n as an integer.
    auto whole = b.sub(b.bitcast_int(b.add(n, b.constant(0x1.8p23f))), b.constant_int(0x4b400000));
    auto half = b.shr_arithmetic(whole, 1);
    low = power(half);
    high = power(b.sub(whole, half));
  }
  typename B::Float scale(typename B::Float x) { return b.has_scalef() ? b.scalef(x, n) : b.mul(b.mul(x, low), high); }

 private:
  B &b;
  typename B::Float n, low, high;
  typename B::Float power(typename B::Int exponent) {
    return b.bitcast_float(b.shl(b.add(exponent, b.constant_int(127)), 23));
  }
};

/// exp(x) = 2^n (1 + t), |t| <= 0.42, for -160 <= x <= 120.
template <class B>
struct ExpParts {
  typename B::Float n, t;

  ExpParts(B &b, typename B::Float x) : n(x), t(x) {
    // x = n ln2 + r (Cody and Waite, two parts; n times the first is exact). Adding 1.5 * 2^23 rounds to a whole n.
    auto magic = b.constant(0x1.8p23f);
    n = b.sub(b.fma(x, b.constant(0x1.715476p0f), magic), magic);
    auto r = b.fma(n, b.constant(-0x1.62e4p-1f), x);
    r = b.fma(n, b.constant(-0x1.7f7d1cp-20f), r);
    // Sollya: fpminimax((exp(x)-1-x)/x^2, 5, [|SG...|], [-0.34663;0.34663], floating, absolute); error of exp 2^-32.
    auto q =
        polynomial(b, r, {0x1p-1f, 0x1.555556p-3f, 0x1.555502p-5f, 0x1.110fc2p-7f, 0x1.6d2e0ap-10f, 0x1.a2d994p-13f});
    t = b.fma(b.mul(r, r), q, r);
  }
};

/// exp(x) as 2^n (high + low), with about 2^-28 of relative error.
template <class B>
struct ExpPair {
  PowerOfTwo<B> power;
  typename B::Float high, low;

  ExpPair(B &b, typename B::Float x) : ExpPair(b, ExpParts<B>(b, x)) {}
  /// exp(x + correction) for a correction far below x.
  ExpPair(B &b, typename B::Float x, typename B::Float correction) : ExpPair(b, x) {
    low = b.fma(high, correction, low);
  }

 private:
  ExpPair(B &b, ExpParts<B> parts) : power(b, parts.n), high(parts.t), low(parts.t) {
    high = b.add(b.constant(1.0f), parts.t);
    low = b.sub(parts.t, b.sub(high, b.constant(1.0f)));
  }
};

/// 1 / (high + low) as high + low.
template <class B>
struct Reciprocal {
  typename B::Float high, low;
  Reciprocal(B &b, typename B::Float dh, typename B::Float dl) : high(dh), low(dl) {
    high = b.div(b.constant(1.0f), dh);
    low = b.mul(high, b.fma(b.neg(high), dl, b.fma(b.neg(high), dh, b.constant(1.0f))));
  }
};

/// x limited to [low, high]; NaN passes because it is the second operand.
template <class B>
typename B::Float clampTo(B &b, typename B::Float x, float low, float high) {
  return b.min(b.constant(high), b.max(b.constant(low), x));
}

/// exp(x). Beyond the clamps the result is 0 or inf already.
template <class B>
typename B::Float exp(B &b, typename B::Float x) {
  ExpParts<B> parts(b, clampTo(b, x, -105.0f, 89.0f));
  return PowerOfTwo<B>(b, parts.n).scale(b.add(b.constant(1.0f), parts.t));
}

/// exp(x) - 1 for x <= 0: 2^n t + (2^n - 1), of which the second part is exact where it matters.
template <class B>
typename B::Float expm1OfNegative(B &b, typename B::Float x) {
  ExpParts<B> parts(b, b.max(b.constant(-20.0f), x));
  auto power = PowerOfTwo<B>(b, parts.n).scale(b.constant(1.0f));
  return b.fma(power, parts.t, b.sub(power, b.constant(1.0f)));
}

/// log(1 + e) for e = high + low in [0, 1].
template <class B>
typename B::Float log1pOfUnit(B &b, typename B::Float high, typename B::Float low) {
  // Sollya: fpminimax((log(1+x)-x)/x^2, 9, [|SG...|], [2^-30;1], floating, absolute); relative error 2^-28.
  auto r = polynomial(b, high,
                      {-0x1p-1f, 0x1.55553p-2f, -0x1.fff39cp-3f, 0x1.98e11cp-3f, -0x1.4ff538p-3f, 0x1.0d21acp-3f,
                       -0x1.7d99d4p-4f, 0x1.a1ed8p-5f, -0x1.2828dap-6f, 0x1.88c46p-9f});
  return b.add(high, b.fma(b.mul(high, high), r, low));
}

/// log(x): x = 2^k m with m in [sqrt(1/2), sqrt(2)), log(m) = f - f^2/2 + f^3 P(f) with f = m - 1.
template <class B>
typename B::Float log(B &b, typename B::Float x) {
  auto tiny = b.lt(x, b.constant(0x1p-126f));
  auto scaled = b.select(tiny, b.mul(x, b.constant(0x1p23f)), x);
  // Subtracting the bits of sqrt(1/2) leaves k in the exponent field, rounded as m needs it.
  auto bits = b.sub(b.bitcast_int(scaled), b.constant_int(0x3f3504f3));
  auto k = b.shr_arithmetic(bits, 23);
  auto m = b.bitcast_float(b.add(b.bit_and(bits, b.constant_int(0x007fffff)), b.constant_int(0x3f3504f3)));
  auto exponent = b.sub(b.bitcast_float(b.add(k, b.constant_int(0x4b400000))), b.constant(0x1.8p23f));
  exponent = b.select(tiny, b.sub(exponent, b.constant(23.0f)), exponent);
  auto f = b.sub(m, b.constant(1.0f));
  // Sollya: fpminimax((log(1+x)-x+x^2/2)/x^3, 8, [|SG...|], [-0.2929;0.41422], floating, absolute); error 2^-28.
  auto p = polynomial(b, f,
                      {0x1.555554p-2f, -0x1.ffffe6p-3f, 0x1.999d2ap-3f, -0x1.556288p-3f, 0x1.23de3ep-3f,
                       -0x1.fbbf2ap-4f, 0x1.dc7628p-4f, -0x1.ddb316p-4f, 0x1.2cb38cp-4f});
  auto square = b.mul(f, f);
  auto tail = b.fma(b.mul(square, f), p, b.mul(square, b.constant(-0.5f)));
  tail = b.fma(exponent, b.constant(0x1.7f7d1cp-20f), tail);
  auto result = b.fma(exponent, b.constant(0x1.62e4p-1f), b.add(f, tail));
  // inf and NaN keep their value; 0 has -inf, less has NaN.
  result = b.select(b.lt(x, b.constant(std::numeric_limits<float>::infinity())), result, x);
  auto special = b.select(b.lt(x, b.constant(0.0f)), b.constant(std::numeric_limits<float>::quiet_NaN()),
                          b.constant(-std::numeric_limits<float>::infinity()));
  return b.select(b.le(x, b.constant(0.0f)), special, result);
}

/// x times the reciprocal, whose low part is 0 where x is so large that their product matters.
template <class B>
typename B::Float finiteTimes(B &b, typename B::Float x, Reciprocal<B> y) {
  return b.fma(x, y.high, b.mul(b.min(b.constant(1e30f), x), y.low));
}

/// 1 / (1 + exp(-x)): with e = exp(-|x|), which cannot overflow, 1 / (1 + e) above 0 and e / (1 + e) below.
template <class B>
struct SigmoidParts {
  ExpPair<B> e;
  Reciprocal<B> y;  // 1 / (1 + e)

  SigmoidParts(B &b, typename B::Float x)
      : SigmoidParts(b, ExpPair<B>(b, b.max(b.constant(-120.0f), b.neg(b.abs(x))))) {}
  SigmoidParts(B &b, ExpPair<B> exponential) : e(exponential), y(reciprocal(b, e)) {}

  /// e / (1 + e), before the power of two of e.
  typename B::Float lower(B &b) { return b.fma(e.high, y.high, b.fma(e.high, y.low, b.mul(e.low, y.high))); }

 private:
  static Reciprocal<B> reciprocal(B &b, ExpPair<B> &e) {
    auto one = b.constant(1.0f), high = e.power.scale(e.high), low = e.power.scale(e.low);
    auto sum = b.add(one, high);
    return Reciprocal<B>(b, sum, b.add(b.add(b.sub(one, sum), high), low));
  }
};

template <class B>
typename B::Float sigmoid(B &b, typename B::Float x) {
  SigmoidParts<B> parts(b, x);
  return b.select(b.lt(x, b.constant(0.0f)), parts.e.power.scale(parts.lower(b)), b.add(parts.y.high, parts.y.low));
}

/// x sigmoid(x).
template <class B>
typename B::Float silu(B &b, typename B::Float x) {
  SigmoidParts<B> parts(b, x);
  auto below = parts.e.power.scale(b.mul(b.max(b.constant(-120.0f), x), parts.lower(b)));
  return b.select(b.lt(x, b.constant(0.0f)), below, finiteTimes(b, x, parts.y));
}

/// tanh(x): an odd polynomial up to 0.6, 1 - 2 / (exp(2|x|) + 1) beyond, 1 from 9.02 on.
template <class B>
typename B::Float tanh(B &b, typename B::Float x) {
  auto magnitude = b.abs(x);
  auto z = b.mul(x, x);
  // Sollya: fpminimax((tanh(sqrt(x))-sqrt(x))/(x*sqrt(x)), 5, [|SG...|], [2^-30;0.36], floating, absolute); 2^-31.
  auto p = polynomial(
      b, z, {-0x1.555556p-2f, 0x1.111148p-3f, -0x1.ba21bep-5f, 0x1.65fc46p-6f, -0x1.1930dcp-7f, 0x1.4d7b44p-9f});
  auto small = b.fma(b.mul(x, z), p, x);

  auto one = b.constant(1.0f), two = b.constant(2.0f);
  auto clamped = b.min(b.constant(9.02f), magnitude);
  ExpPair<B> e(b, b.add(clamped, clamped));
  auto high = e.power.scale(e.high), low = e.power.scale(e.low);
  auto sum = b.add(high, one);
  Reciprocal<B> y(b, sum, b.add(b.add(b.sub(high, sum), one), low));
  auto twice = b.mul(two, y.high);
  auto top = b.sub(one, twice);
  auto rest = b.fma(b.neg(two), y.low, b.sub(b.sub(one, top), twice));
  return b.select(b.lt(magnitude, b.constant(0.6f)), small, b.copysign(b.add(top, rest), x));
}

/// log(1 + exp(t)) = max(t, 0) + log(1 + exp(-|t|)); `low` is what t lacks.
template <class B>
typename B::Float softplusOf(B &b, typename B::Float t, typename B::Float low) {
  auto zero = b.constant(0.0f);
  auto correction = b.select(b.lt(t, zero), low, b.neg(low));
  ExpPair<B> e(b, b.max(b.constant(-120.0f), b.neg(b.abs(t))), correction);
  return b.add(b.max(zero, t), log1pOfUnit(b, e.power.scale(e.high), e.power.scale(e.low)));
}

}  // namespace inlay::compiler::formulas

#endif  // INLAY_CODEGEN_ELEMENTARYFORMULAS_H
