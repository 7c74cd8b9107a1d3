// SPDX-License-Identifier: Apache-2.0
// The elementary functions behind the activations, as vector arithmetic over a builder. Branch-free: every path is
// computed and selected. Where a comment gives an error, it is relative to the exact function, in ulp of the result.
#ifndef INLAY_CODEGEN_ELEMENTARYFORMULAS_H
#define INLAY_CODEGEN_ELEMENTARYFORMULAS_H

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <tuple>

#include "Math/PowerTables.h"
#include "Math/TabulatedFormulas.h"

namespace inlay::compiler::formulas {

/// The bits of the smallest normal float, and how many patterns there are from it to infinity.
constexpr uint32_t kFirstNormal = 0x00800000, kNormals = 0x7f000000;

/// `step(x)`, or `exact(x)` in lanes where the step would fail because the bits of `range` are not in
/// [first, first + count). 1.0 is within every range. Where no lane of `unusual` is set, there are no such lanes.
template <class B, class Step, class Exact>
typename B::Float stepWithin(B &b, typename B::Float x, typename B::Mask unusual, typename B::Float range,
                             uint32_t first, uint32_t count, Step step, Exact exact) {
  return b.unless_any(
      unusual, [&] { return step(x); },
      [&] {
        auto special = b.outside(range, first, count);
        return b.select(special, exact(x), step(b.select(special, b.constant(1.0f), x)));
      });
}

/// c[0] + x c[1] + x^2 c[2] + ..., by Horner's rule in fused steps.
template <class B>
typename B::Float polynomial(B &b, typename B::Float x, llvm::ArrayRef<float> coefficients) {
  typename B::Float sum = b.constant(coefficients.back());
  for (float c : llvm::reverse(coefficients.drop_back())) sum = b.fma(sum, x, b.constant(c));
  return sum;
}

/// x * 2^floor(n) for |n| <= 252. A denormal result is rounded once. Without AVX-512, n must be whole; x is multiplied
/// by two exact powers of two in turn.
template <class B>
class PowerOfTwo {
 public:
  PowerOfTwo(B &b, typename B::Float exponent) : b(b), n(exponent), low(exponent), high(exponent) {
    if (b.has_avx512()) return;
    // The low bits of n + 1.5 * 2^23 are n as an integer.
    auto whole = b.sub(b.bitcast_int(b.add(n, b.constant(0x1.8p23f))), b.constant_int(0x4b400000));
    auto half = b.shr_arithmetic(whole, 1);
    low = power(half);
    high = power(b.sub(whole, half));
  }
  typename B::Float scale(typename B::Float x) { return b.has_avx512() ? b.scalef(x, n) : b.mul(b.mul(x, low), high); }

 private:
  B &b;
  typename B::Float n, low, high;
  typename B::Float power(typename B::Int exponent) {
    return b.bitcast_float(b.shl(b.add(exponent, b.constant_int(127)), 23));
  }
};

/// The n for which n ln2 is nearest to `unit` x. Adding 1.5 * 2^23 rounds n to a whole number. For a table, adding
/// 1.5 * 2^19 or 1.5 * 2^20 rounds n to sixteenths (AVX-512) or eighths.
template <class B>
struct MultipleOfLn2 {
  typename B::Float shifted, n;
  double unit;

  MultipleOfLn2(B &b, typename B::Float x, bool table, double unit = 1) : shifted(x), n(x), unit(unit) {
    auto magic = b.constant(!table ? 0x1.8p23f : b.has_avx512() ? 0x1.8p19f : 0x1.8p20f);
    shifted = b.fma(x, b.constant(float(unit * 0x1.71547652b82fep0)), magic);
    n = b.sub(shifted, magic);
  }
  /// x - n ln2, with ln2 in two parts (Cody and Waite); n times the first part is exact.
  typename B::Float rest(B &b, typename B::Float x) const {
    return b.fma(n, b.constant(-0x1.7f7d1cp-20f), b.fma(n, b.constant(-0x1.62e4p-1f), x));
  }
  /// unit (x + xLow) - n ln2, rounded once where |xLow| is far below |x|.
  typename B::Float rest(B &b, typename B::Float x, typename B::Float xLow) const {
    auto most = b.fma(n, b.constant(-high()), x), little = b.fma(n, b.constant(-low()), xLow);
    auto scaled = b.fma(most, b.constant(float(unit - double(float(unit)))), b.mul(little, b.constant(float(unit))));
    return b.fma(most, b.constant(float(unit)), scaled);
  }
  /// a c - n ln2 / unit, where x is a c, rounded. Takes fewer operations than rest(), and one more rounding.
  typename B::Float restOfProduct(B &b, typename B::Float a, typename B::Float c) const {
    return b.fma(n, b.constant(-low()), b.fma(a, c, b.neg(b.mul(n, b.constant(high())))));
  }

  // Only for a table.
  /// An integer whose low bits are n in sixteenths or eighths.
  typename B::Int fractions(B &b) const { return b.bitcast_int(shifted); }
  /// The number for n's fraction, times 2^floor(n) and the scale of the table. The result must not be denormal.
  typename B::Float scaled(B &b, const LaneTable &scalableNumbers) const {
    auto pattern = b.bitcast_int(b.lookup(scalableNumbers, fractions(b)));
    return b.bitcast_float(b.add(pattern, b.shl(fractions(b), placeOfFractions(b.has_avx512() ? 16 : 8))));
  }

 private:
  // ln2 / unit in two parts, the first of 12 bits, so that n times it is exact.
  double ln2() const { return 0x1.62e42fefa39efp-1 / unit; }
  float high() const { return std::bit_cast<float>(std::bit_cast<uint32_t>(float(ln2())) & 0xfffff000); }
  float low() const { return float(ln2() - double(high())); }
};

/// (exp(r) - 1 - r) / r^2 for |r| <= 0.347. The error that it causes in exp is 2^-32.
template <class B>
typename B::Float exponentialSeries(B &b, typename B::Float r) {
  // Sollya: fpminimax((exp(x)-1-x)/x^2, 5, [|SG...|], [-0.34663;0.34663], floating, absolute).
  return polynomial(b, r, {0x1p-1f, 0x1.555556p-3f, 0x1.555502p-5f, 0x1.110fc2p-7f, 0x1.6d2e0ap-10f, 0x1.a2d994p-13f});
}

/// exp(x) = 2^floor(n) (high + low) for -160 <= x <= 120. With a table, which is for AVX-512 only, |low| <= 0.022 high.
/// Without it, high = 1 and |low| <= 0.42.
template <class B>
struct ExpParts {
  typename B::Float n, high, low;

  ExpParts(B &b, typename B::Float x, bool table) : n(x), high(x), low(x) {
    MultipleOfLn2<B> multiple(b, x, table);
    n = multiple.n;
    auto r = multiple.rest(b, x), square = b.mul(r, r);
    if (!table) {
      high = b.constant(1.0f);
      low = b.fma(square, exponentialSeries(b, r), r);
      return;
    }
    auto t = b.fma(square, polynomial(b, r, kSeries16), r);
    auto fraction = multiple.fractions(b);
    high = b.lookup(kPowers, fraction);
    low = b.fma(high, t, b.lookup(kPowerRests, fraction));
  }
};

/// exp(x) as 2^n (high + low), where low is below half an ulp of high.
template <class B>
struct ExpPair {
  PowerOfTwo<B> power;
  typename B::Float high, low;

  ExpPair(B &b, typename B::Float x) : ExpPair(b, ExpParts<B>(b, x, b.has_avx512())) {}
  /// exp(x + correction) for a correction far below x.
  ExpPair(B &b, typename B::Float x, typename B::Float correction) : ExpPair(b, x) {
    low = b.fma(high, correction, low);
  }

 private:
  ExpPair(B &b, ExpParts<B> parts) : power(b, parts.n), high(parts.high), low(parts.low) {
    high = b.add(parts.high, parts.low);
    low = b.sub(parts.low, b.sub(high, parts.high));
  }
};

/// 1 / (dh + dl) as high + low.
template <class B>
struct Reciprocal {
  typename B::Float high, low;
  Reciprocal(B &b, typename B::Float dh, typename B::Float dl) : high(dh), low(dl) {
    high = b.div(b.constant(1.0f), dh);
    low = b.mul(high, b.fma(b.neg(high), dl, b.fma(b.neg(high), dh, b.constant(1.0f))));
  }
};

/// x clamped to [low, high]. NaN passes, because x is the second operand.
template <class B>
typename B::Float clampTo(B &b, typename B::Float x, float low, float high) {
  return b.min(b.constant(high), b.max(b.constant(low), x));
}

/// exp(x) without a branch. Beyond the clamps the result is 0 or inf already.
template <class B>
typename B::Float expOfAny(B &b, typename B::Float x) {
  ExpParts<B> parts(b, clampTo(b, x, -105.0f, 89.0f), b.has_avx512());
  return PowerOfTwo<B>(b, parts.n).scale(b.add(parts.high, parts.low));
}

/// exp(x). For |x| <= 87 the result is normal, and n is added to its exponent.
template <class B>
typename B::Float exp(B &b, typename B::Float x) {
  if (!b.has_branches()) return expOfAny(b, x);
  constexpr float limit = 87;
  auto usual = [&] {
    MultipleOfLn2<B> multiple(b, x, /*table=*/false);
    auto r = multiple.rest(b, x);
    auto sum = b.add(b.constant(1.0f), b.fma(b.mul(r, r), exponentialSeries(b, r), r));
    return b.bitcast_float(b.add(b.bitcast_int(sum), b.shl(b.bitcast_int(multiple.shifted), 23)));
  };
  return b.unless_any(b.any_above(b.abs(x), limit), usual, [&] { return expOfAny(b, x); });
}

/// factor (exp(t) - 1) for -20 <= t <= 0, as 2^n low + (2^n - 1). The second part is exact where it matters. There is
/// no table, because its fractions would cancel where the result is small.
template <class B>
typename B::Float scaledExpm1(B &b, typename B::Float t, float factor) {
  ExpParts<B> parts(b, t, /*table=*/false);
  auto power = PowerOfTwo<B>(b, parts.n).scale(b.constant(1.0f)), whole = b.sub(power, b.constant(1.0f));
  if (factor == 1.0f) return b.fma(power, parts.low, whole);
  auto scale = b.constant(factor);
  if (!std::isfinite(factor)) return b.mul(b.fma(power, parts.low, whole), scale);
  return b.fma(b.mul(power, scale), parts.low, b.mul(whole, scale));
}

/// (log(1 + e) - high) * scale for e = high + low in [0, 1]. highScaled is high * scale, lowScaled is low * scale.
template <class B>
typename B::Float log1pOfUnitRest(B &b, typename B::Float high, typename B::Float highScaled,
                                  typename B::Float lowScaled) {
  // Sollya: fpminimax((log(1+x)-x)/x^2, 9, [|SG...|], [2^-30;1], floating, absolute); relative error 2^-28.
  auto r = polynomial(b, high,
                      {-0x1p-1f, 0x1.55553p-2f, -0x1.fff39cp-3f, 0x1.98e11cp-3f, -0x1.4ff538p-3f, 0x1.0d21acp-3f,
                       -0x1.7d99d4p-4f, 0x1.a1ed8p-5f, -0x1.2828dap-6f, 0x1.88c46p-9f});
  return b.fma(b.mul(high, highScaled), r, lowScaled);
}

/// 1 / m to a few bits, for m in [1, 2), by the top four bits of m's mantissa; and -log of that number in two parts,
/// the first a multiple of 2^-16. The last number is exactly 1/2, so that log(x) for x just below 1 is ln2 - ln2 +
/// log(1 + f).
inline constexpr float kInverses[16] = {0x1p0f,    0x1.d8p-1f, 0x1.b8p-1f, 0x1.a8p-1f, 0x1.9p-1f,  0x1.8p-1f,
                                        0x1.7p-1f, 0x1.6p-1f,  0x1.5p-1f,  0x1.4p-1f,  0x1.34p-1f, 0x1.28p-1f,
                                        0x1.2p-1f, 0x1.14p-1f, 0x1.0cp-1f, 0x1p-1f};
inline constexpr float kLogs[16] = {0.0f,         0x1.4d3p-4f, 0x1.366p-3f,  0x1.824p-3f,  0x1.f99p-3f,  0x1.2698p-2f,
                                    0x1.522cp-2f, 0x1.7fbp-2f, 0x1.af54p-2f, 0x1.e148p-2f, 0x1.0436p-1f, 0x1.188ep-1f,
                                    0x1.2696p-1f, 0x1.3c6p-1f, 0x1.4b7p-1f,  0x1.62e4p-1f};
inline constexpr float kLogsLow[16] = {0.0f,
                                       0x1.15d208p-20f,
                                       -0x1.a7f538p-22f,
                                       -0x1.f4d572p-18f,
                                       0x1.c6cb3cp-19f,
                                       -0x1.deecb2p-18f,
                                       -0x1.1f8c76p-18f,
                                       -0x1.7109fap-20f,
                                       -0x1.6adb74p-18f,
                                       0x1.4344e4p-19f,
                                       0x1.7cecp-22f,
                                       0x1.c81e48p-18f,
                                       0x1.089a6cp-20f,
                                       0x1.0186d8p-18f,
                                       -0x1.48347cp-20f,
                                       0x1.7f7d1cp-20f};

/// log(x) with tables: x = 2^k m, f = m / c - 1 for a tabulated 1 / c, log(x) = k ln2 + log(c) + log(1 + f). The
/// exponent and the mantissa of zero, infinity and NaN give the right results without special cases.
template <class B>
typename B::Float logByTable(B &b, typename B::Float x) {
  auto m = b.mantissa(x), k = b.exponent(x);
  auto cell = b.shr_arithmetic(b.bitcast_int(m), 19);
  auto f = b.fma(m, b.lookup(kInverses, cell), b.constant(-1.0f));
  // Sollya: fpminimax((log(1+x)-x)/x^2, 4, [|SG...|], [-0.0333;0.0625], floating, absolute); error 2^-36.
  auto r = polynomial(b, f, {-0x1p-1f, 0x1.555554p-2f, -0x1.00029ep-2f, 0x1.99d446p-3f, -0x1.429beep-3f});
  auto tail = b.fma(b.mul(f, f), r, b.fma(k, b.constant(0x1.7f7d1cp-20f), b.lookup(kLogsLow, cell)));
  auto base = b.fma(k, b.constant(0x1.62e4p-1f), b.lookup(kLogs, cell));
  // base is 0 or far above f, so the sum's rounding error is exact. Where base is infinite, the error is NaN, which max
  // replaces.
  auto sum = b.add(base, f);
  auto rest = b.add(b.sub(f, b.sub(sum, base)), tail);
  return b.add(sum, b.max(rest, b.constant(-1.0f)));
}

/// log(2^-shift x) for a normal x > 0: x = 2^k m with m in [sqrt(1/2), sqrt(2)), log(m) = f - f^2/2 + f^3 P(f) with
/// f = m - 1.
template <class B>
typename B::Float logOfNormal(B &b, typename B::Float x, std::optional<typename B::Float> shift = {}) {
  // Subtracting the bits of sqrt(1/2) leaves k in the exponent field, rounded so that m is in its interval.
  auto bits = b.sub(b.bitcast_int(x), b.constant_int(0x3f3504f3));
  auto exponent = b.to_float(b.shr_arithmetic(bits, 23));
  if (shift) exponent = b.sub(exponent, *shift);
  auto m = b.bitcast_float(b.add(b.bit_and(bits, b.constant_int(0x007fffff)), b.constant_int(0x3f3504f3)));
  auto f = b.sub(m, b.constant(1.0f));
  // Sollya: fpminimax((log(1+x)-x+x^2/2)/x^3, 8, [|SG...|], [-0.2929;0.41422], floating, absolute); error 2^-28.
  auto p = polynomial(b, f,
                      {0x1.555554p-2f, -0x1.ffffe6p-3f, 0x1.999d2ap-3f, -0x1.556288p-3f, 0x1.23de3ep-3f,
                       -0x1.fbbf2ap-4f, 0x1.dc7628p-4f, -0x1.ddb316p-4f, 0x1.2cb38cp-4f});
  auto square = b.mul(f, f);
  auto tail = b.fma(b.mul(square, f), p, b.mul(square, b.constant(-0.5f)));
  tail = b.fma(exponent, b.constant(0x1.7f7d1cp-20f), tail);
  return b.fma(exponent, b.constant(0x1.62e4p-1f), b.add(f, tail));
}

/// log(x) without tables, for all x.
template <class B>
typename B::Float logOfAny(B &b, typename B::Float x) {
  auto tiny = b.lt(x, b.constant(0x1p-126f));
  auto scaled = b.mul(x, b.select(tiny, b.constant(0x1p23f), b.constant(1.0f)));
  auto result = logOfNormal(b, scaled, {b.select(tiny, b.constant(23.0f), b.constant(0.0f))});
  // Infinity and NaN stay. 0 gives -inf, and x < 0 gives NaN.
  result = b.select(b.lt(x, b.constant(std::numeric_limits<float>::infinity())), result, x);
  auto special = b.select(b.lt(x, b.constant(0.0f)), b.constant(std::numeric_limits<float>::quiet_NaN()),
                          b.constant(-std::numeric_limits<float>::infinity()));
  return b.select(b.le(x, b.constant(0.0f)), special, result);
}

template <class B>
typename B::Float log(B &b, typename B::Float x) {
  if (b.has_avx512()) return logByTable(b, x);
  if (!b.has_branches()) return logOfAny(b, x);
  return b.unless_any(
      b.any_outside(x, kFirstNormal, kNormals), [&] { return logOfNormal(b, x); }, [&] { return logOfAny(b, x); });
}

/// a sigmoid(-w) for 0 <= w <= 113. The denominator 1 + exp(w) has little more than one rounding. It is monotone in w,
/// so a quotient by it is monotone, too.
template <class B>
class SigmoidOfNegative {
 public:
  /// For w = n ln2 + r with the n of `multiple`.
  SigmoidOfNegative(B &b, const MultipleOfLn2<B> &multiple, typename B::Float r) : b(b), denominator(r) {
    if (b.has_tables()) {
      // exp(w) = high + high p with p < 0. The sum of the smaller terms, 1 + high p, is then below 1 and rounded more
      // finely than the whole. Everything is multiplied by kScale, so that nothing overflows.
      static constexpr LaneTable numbers = scalable(kUpperPowers, kScale);
      auto slope = b.has_avx512() ? polynomial(b, r, kLowered16) : polynomial(b, r, kLowered8);
      auto p = b.fma(r, slope, b.lookup(kUpperPowerRests, multiple.fractions(b)));
      auto high = multiple.scaled(b, numbers);
      denominator = b.add(high, b.fma(high, p, b.constant(kScale)));
      return;
    }
    // exp(w) = v / unit with unit = 2^-n and v = 1 + low, so that the denominator is unit + v. Moving 1/2 from the
    // smaller terms to the larger one is exact, and keeps the sum of the smaller ones below 1.
    power.emplace(b, b.neg(multiple.n));
    unit = power->scale(b.constant(1.0f));
    auto low = b.fma(b.mul(r, r), exponentialSeries(b, r), r);
    denominator = b.add(b.constant(1.5f), b.add(b.sub(unit, b.constant(0.5f)), low));
  }

  /// whole + a sigmoid(-w). The quotient is scaled last, so that denormal results are rounded once.
  typename B::Float addTo(typename B::Float whole, typename B::Float a) {
    auto part = quotient(a);
    return b.has_tables() ? b.fma(part, b.constant(kScale), whole) : b.add(whole, power->scale(part));
  }

  /// sigmoid(-w) for x <= 0, else 1 - sigmoid(-w), so that nothing cancels; NaN for NaN.
  typename B::Float ofSign(typename B::Float x) {
    auto one = b.constant(1.0f), part = quotient(one);
    if (b.has_tables()) return b.abs(b.fma(part, b.constant(kScale), b.negative_step(x)));
    auto below = b.mul(part, unit);
    return b.select(b.gt(x, b.constant(0.0f)), b.sub(one, below), below);
  }

 private:
  static constexpr float kScale = 0x1p-48f;
  B &b;
  std::optional<PowerOfTwo<B>> power;  // where there is no table
  typename B::Float unit, denominator;

  /// a / denominator
  typename B::Float quotient(typename B::Float a) {
    if (!b.has_avx512()) return b.div(a, denominator);
    auto inverse = b.reciprocal_estimate(denominator);
    auto first = b.mul(a, inverse);
    // With these signs the rest of a zero is -0, so that the result keeps the zero's sign.
    return b.fma(b.neg(b.fma(first, denominator, b.neg(a))), inverse, first);
  }
};

template <class B>
SigmoidOfNegative<B> sigmoidOfNegative(B &b, typename B::Float w) {
  MultipleOfLn2<B> multiple(b, w, b.has_tables());
  return {b, multiple, multiple.rest(b, w)};
}

template <class B>
typename B::Float sigmoid(B &b, typename B::Float x) {
  return sigmoidOfNegative(b, b.limited_magnitude(x, 105.0f)).ofSign(x);
}

/// x sigmoid(w) for a w that is odd in x, from s = sigmoid(-|w|) and a = |x|. a may be clamped where the result is 0 or
/// x.
template <class B>
typename B::Float gated(B &b, typename B::Float x, typename B::Float a, SigmoidOfNegative<B> s) {
  return s.addTo(b.max(b.constant(-0.0f), x), b.neg(a));
}

/// x sigmoid(x)
template <class B>
typename B::Float silu(B &b, typename B::Float x) {
  auto a = b.limited_magnitude(x, 112.0f);
  return gated(b, x, a, sigmoidOfNegative(b, a));
}

/// 1 / x. From an estimate y, if there is one, by one Newton step y + y (1 - x y). For an infinite x the rest 1 - x y
/// is NaN, which the minimum replaces. y is clamped to finite numbers, so that the step decides what overflows. The
/// product x y raises no flag.
template <class B>
typename B::Float reciprocal(B &b, typename B::Float x) {
  if (!b.has_avx512()) return b.div(b.constant(1.0f), x);
  constexpr float largest = std::numeric_limits<float>::max();
  auto y = clampTo(b, b.reciprocal_estimate(x), -largest, largest);
  auto rest = b.silent_min(b.silent_fma(b.neg(x), y, b.constant(1.0f)), 0x1p-12f);
  return b.fma(y, rest, y);
}

/// 1 / x by one Newton step from an estimate with a relative error of e = 1.5 * 2^-12. The step leaves e^2, 2.3 ulp at
/// most. It fails where x or 1 / x is not a normal number; that is decided by x without its sign.
template <class B>
typename B::Float fastReciprocal(B &b, typename B::Float x) {
  if (!b.has_branches()) return reciprocal(b, x);
  auto one = b.constant(1.0f);
  auto step = [&](typename B::Float normal) {
    auto y = b.coarse_reciprocal(normal);
    return b.fma(y, b.fma(b.neg(normal), y, one), y);
  };
  constexpr uint32_t first = std::bit_cast<uint32_t>(0x1p-126f), end = std::bit_cast<uint32_t>(0x1p126f);
  return stepWithin(b, x, b.any_far_from_one(x), b.abs(x), first, end - first, step,
                    [&](typename B::Float any) { return reciprocal(b, any); });
}

/// x / 2 for a normal x, by subtracting 1 from its exponent.
template <class B>
typename B::Float halfOf(B &b, typename B::Float x) {
  return b.bitcast_float(b.sub(b.bitcast_int(x), b.constant_int(1 << 23)));
}

/// 1 / sqrt(x). From an estimate y, if there is one, by one Newton step y + y (1 - x y^2) / 2. At 0 and infinity it
/// leaves y.
template <class B>
typename B::Float rsqrt(B &b, typename B::Float x) {
  if (!b.has_avx512()) return b.div(b.constant(1.0f), b.sqrt(x));
  auto y = b.rsqrt_estimate(x);
  auto rest = b.silent_min(b.fma(b.neg(b.silent_mul(x, y)), halfOf(b, y), b.constant(0.5f)), 0x1p-12f);
  return b.fma(y, rest, y);
}

/// sqrt(x). From an estimate y of 1 / sqrt(x), if there is one, by one Newton step from x y. 0 and infinity are their
/// own roots.
template <class B>
typename B::Float sqrt(B &b, typename B::Float x) {
  if (!b.has_avx512()) return b.sqrt(x);
  auto y = b.rsqrt_estimate(x), root = b.silent_mul(x, y);
  return b.keep_zero_and_infinity(x, b.fma(root, b.fma(b.neg(root), halfOf(b, y), b.constant(0.5f)), root));
}

/// 1 / sqrt(x) by one Newton step from an estimate y with a relative error of e = 1.5 * 2^-12. The step leaves 1.5 e^2,
/// 3.4 ulp at most.
template <class B>
typename B::Float fastRsqrt(B &b, typename B::Float x) {
  if (!b.has_branches()) return rsqrt(b, x);
  auto step = [&](typename B::Float normal) {
    auto y = b.coarse_rsqrt(normal);
    return b.fma(y, b.fma(b.neg(b.mul(normal, y)), halfOf(b, y), b.constant(0.5f)), y);
  };
  return stepWithin(b, x, b.any_outside(x, kFirstNormal, kNormals), x, kFirstNormal, kNormals, step,
                    [&](typename B::Float any) { return rsqrt(b, any); });
}

/// sqrt(x) by the same step, from x y.
template <class B>
typename B::Float fastSqrt(B &b, typename B::Float x) {
  if (!b.has_branches()) return sqrt(b, x);
  auto step = [&](typename B::Float normal) {
    auto y = b.coarse_rsqrt(normal), root = b.mul(normal, y);
    return b.fma(root, b.fma(b.neg(root), halfOf(b, y), b.constant(0.5f)), root);
  };
  return stepWithin(b, x, b.any_outside(x, kFirstNormal, kNormals), x, kFirstNormal, kNormals, step,
                    [&](typename B::Float any) { return sqrt(b, any); });
}

/// tanh(x), by cells where there are tables. Elsewhere an odd polynomial up to 0.6, 1 - 2 / (exp(2|x|) + 1) beyond, 1
/// from 9.02 on.
template <class B>
typename B::Float tanh(B &b, typename B::Float x) {
  if (b.has_avx512()) return oddByCells(b, x, kTanhQuarters, 9.02f);
  if (b.has_tables()) return oddByCells(b, x, kTanhHalves, 9.02f);
  auto magnitude = b.abs(x), clamped = b.min(b.constant(9.02f), magnitude);
  auto z = b.mul(clamped, clamped);
  // Sollya: fpminimax((tanh(sqrt(x))-sqrt(x))/(x*sqrt(x)), 5, [|SG...|], [2^-30;0.36], floating, absolute); 2^-31.
  auto p = polynomial(
      b, z, {-0x1.555556p-2f, 0x1.111148p-3f, -0x1.ba21bep-5f, 0x1.65fc46p-6f, -0x1.1930dcp-7f, 0x1.4d7b44p-9f});
  auto small = b.fma(b.mul(clamped, z), p, clamped);

  auto one = b.constant(1.0f), two = b.constant(2.0f);
  ExpPair<B> e(b, b.add(clamped, clamped));
  auto high = e.power.scale(e.high), low = e.power.scale(e.low);
  auto sum = b.add(high, one);
  Reciprocal<B> y(b, sum, b.add(b.add(b.sub(high, sum), one), low));
  auto twice = b.mul(two, y.high);
  auto top = b.sub(one, twice);
  auto rest = b.fma(b.neg(two), y.low, b.sub(b.sub(one, top), twice));
  return b.copysign(b.select(b.lt(magnitude, b.constant(0.6f)), small, b.add(top, rest)), x);
}

/// (log(1 + e) - e) / e^2 on [0, 1], for the `fast` forms.
template <class B>
typename B::Float fastLog1pSeries(B &b, typename B::Float e) {
  // Sollya: fpminimax((log(1+x)-x)/x^2, 7, [|SG...|], [2^-30;1], floating, absolute); relative error 2^-22.
  return polynomial(b, e,
                    {-0x1.fffff6p-2f, 0x1.555002p-2f, -0x1.ff0afep-3f, 0x1.9107c2p-3f, -0x1.2e3004p-3f, 0x1.7886dep-4f,
                     -0x1.3a44ep-5f, 0x1.ee387ep-8f});
}

/// log(1 + exp(t)) without corrections for rounding errors, and with a short polynomial for the logarithm.
template <class B>
typename B::Float fastSoftplusOf(B &b, typename B::Float t) {
  ExpParts<B> parts(b, b.neg(b.limited_magnitude(t, 120.0f)), b.has_avx512());
  auto e = PowerOfTwo<B>(b, parts.n).scale(b.add(parts.high, parts.low));
  return b.add(b.max(b.constant(0.0f), t), b.fma(b.mul(e, e), fastLog1pSeries(b, e), e));
}

/// The sum positive + high, and `rest` plus the rounding error of this sum.
template <class B>
std::pair<typename B::Float, typename B::Float> sumOf(B &b, typename B::Float positive, typename B::Float high,
                                                      typename B::Float rest) {
  auto larger = b.max(positive, high), smaller = b.min(positive, high);
  auto sum = b.add(larger, smaller);
  return {sum, b.add(b.sub(smaller, b.sub(sum, larger)), rest)};
}

/// log(1 + exp(t)) = max(t, 0) + log(1 + exp(-|t|)), which is t from 100 on.
template <class B>
typename B::Float softplusOf(B &b, typename B::Float t, bool fast) {
  if (fast) return fastSoftplusOf(b, t);
  auto zero = b.constant(0.0f);
  ExpPair<B> e(b, b.max(b.constant(-120.0f), b.neg(b.abs(t))));
  auto high = e.power.scale(e.high), rest = log1pOfUnitRest(b, high, high, e.power.scale(e.low));
  auto [sum, lacking] = sumOf(b, b.max(zero, t), high, rest);
  return b.select(b.gt(t, b.constant(100.0f)), t, b.add(sum, lacking));
}

/// log(1 + exp(beta x)) / beta for a finite beta other than 0; x where beta x > 100. beta = m / scale, and |m| < 1 only
/// if |beta| < 1. Everything is computed times scale, so that a value that is denormal before the division by m is
/// denormal after it, too.
template <class B>
typename B::Float scaledSoftplus(B &b, typename B::Float x, float beta, bool fast) {
  constexpr float most = std::numeric_limits<float>::max();
  int exponent;
  std::frexp(beta, &exponent);
  const int shift = std::clamp(-exponent, 0, 126);  // scale = 2^shift
  const float m = std::ldexp(beta, shift), size = std::abs(beta);
  // Beyond these bounds the result is x or 0. Within, nothing overflows; NaN stays.
  const double bound = 105 + 0.7 * shift;
  const bool bounded = bound / double(size) < double(most);
  const float above = float(std::min(102 / double(size), double(most)));
  const float below = float(std::min(bound / double(size), double(most)));
  auto c = beta > 0 ? clampTo(b, x, -below, above) : clampTo(b, x, -above, below);
  auto product = [&](float factor) {
    auto high = b.mul(c, b.constant(factor));
    return std::pair(high, b.fma(c, b.constant(factor), b.neg(high)));
  };
  auto zero = b.constant(0.0f);
  auto [t, low] = product(beta);
  auto positive = b.gt(t, zero);
  ExpParts<B> parts(b, b.neg(b.abs(t)), b.has_avx512());
  auto high = b.add(parts.high, parts.low), rest = b.sub(parts.low, b.sub(high, parts.high));
  rest = b.fma(high, b.select(positive, b.neg(low), low), rest);
  if (fast) high = b.add(high, rest);
  auto scaledPower = PowerOfTwo<B>(b, b.add(parts.n, b.constant(float(shift))));
  auto highScaled = scaledPower.scale(high), restScaled = scaledPower.scale(rest), unscaled = highScaled;
  auto whole = t, wholeLow = low;
  if (shift > 0) {
    unscaled = PowerOfTwo<B>(b, b.max(b.constant(-250.0f), parts.n)).scale(high);
    std::tie(whole, wholeLow) = product(m);
  }
  whole = b.max(zero, whole);
  auto quotient = [&](typename B::Float dividend) { return b.div(dividend, b.constant(m)); };
  auto soft = zero;
  if (fast) {
    soft = quotient(b.add(whole, b.fma(b.mul(unscaled, highScaled), fastLog1pSeries(b, unscaled), highScaled)));
  } else {
    auto tail = log1pOfUnitRest(b, unscaled, highScaled, restScaled);
    auto [sum, lacking] = sumOf(b, whole, highScaled, b.add(tail, b.select(positive, wholeLow, zero)));
    soft = quotient(sum);
    auto rest = b.mul(b.add(b.fma(b.neg(soft), b.constant(m), sum), lacking), b.constant(1 / m));
    if (!bounded) rest = b.select(b.lt(b.abs(soft), b.constant(std::numeric_limits<float>::infinity())), rest, zero);
    soft = b.add(soft, rest);
  }
  auto result = b.select(b.gt(t, b.constant(100.0f)), x, soft);
  if (bounded) return result;
  // The bounds include the largest float, so the clamp has changed infinity. It gets its result here.
  auto atInfinity = b.select(b.gt(t, zero), x, b.constant(std::copysign(0.0f, beta)));
  return b.select(b.ge(b.abs(x), b.constant(std::numeric_limits<float>::infinity())), atInfinity, result);
}

}  // namespace inlay::compiler::formulas

#endif  // INLAY_CODEGEN_ELEMENTARYFORMULAS_H
