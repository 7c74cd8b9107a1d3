// SPDX-License-Identifier: Apache-2.0
// The functions that need more than an exponential or a logarithm: gelu, mish, erf, sine and cosine.
#ifndef INLAY_CODEGEN_SPECIALFORMULAS_H
#define INLAY_CODEGEN_SPECIALFORMULAS_H

#include "Math/ElementaryFormulas.h"

namespace inlay::compiler::formulas {

/// x Phi(x), the erf form of GELU, where Phi is the normal distribution function. The negative tail has relative
/// accuracy, too: |x| Phi(-|x|) is exp(-a^2 / 2) W(a) with a = |x|.
///
/// A table gives W on AVX-512. Elsewhere it gives W / a, and the rounding error of the product with a is added.
template <class B>
typename B::Float geluByTable(B &b, typename B::Float x) {
  auto a = b.limited_magnitude(x, 14.5f), half = b.mul(a, b.constant(-0.5f));
  MultipleOfLn2<B> multiple(b, b.mul(a, half), /*table=*/true);
  auto r = multiple.restOfProduct(b, a, half);
  auto curve = b.has_avx512() ? polynomial(b, r, kSeries16) : polynomial(b, r, kSeries8);
  auto t = b.fma(b.mul(r, r), curve, b.add(r, b.lookup(kRelativePowerRests, multiple.fractions(b))));
  // exp(-a^2 / 2) = (e + e t) / scale. The scale keeps everything before the result from being denormal.
  constexpr float scale = 0x1p64f;
  static constexpr LaneTable numbers = scalable(kPowers, scale);
  auto e = multiple.scaled(b, numbers);
  auto tail = e;
  if (b.has_avx512()) {
    auto w = byCells(b, a, kGeluQuarters);
    tail = b.fma(w, e, b.mul(w, b.mul(e, t)));
  } else {
    auto ratio = byCells(b, a, kMillsHalves), product = b.mul(a, e);
    auto rest = b.fma(product, t, b.fma(a, e, b.neg(product)));
    tail = b.fma(ratio, product, b.mul(ratio, rest));
  }
  return b.fma(tail, b.constant(-1 / scale), b.max(b.constant(-0.0f), x));
}

/// The same function. Without tables W(a) = a G(a), and G comes from H(t) = (a + 4) G(a) with t = (a - 4) / (a + 4). H
/// is smooth from a = 0 to where the result underflows.
template <class B>
typename B::Float gelu(B &b, typename B::Float x) {
  if (b.has_tables()) return geluByTable(b, x);
  auto a = b.limited_magnitude(x, 14.5f), half = b.mul(a, b.constant(-0.5f)), square = b.mul(a, half);
  ExpPair<B> e(b, square, b.fma(a, half, b.neg(square)));
  auto four = b.constant(4.0f);
  // s = a + 4 and t, each with its rounding error.
  auto s = b.add(a, four);
  auto sl = b.select(b.lt(a, four), b.sub(a, b.sub(s, four)), b.sub(four, b.sub(s, a)));
  Reciprocal<B> u(b, s, sl);
  auto d = b.sub(a, four);
  auto t = b.mul(d, u.high);
  auto tl = b.fma(d, u.low, b.fma(d, u.high, b.neg(t)));
  // Sollya: a = 4(1+x)/(1-x); fpminimax(exp(a^2/2)*erfc(a/sqrt(2))/2*(a+4), 10, [|48,48,SG...|], [-1;21/37],
  // floating, relative); error 2^-29.6.
  auto q = polynomial(b, t,
                      {0x1.8c6dbap-2f, -0x1.7dff02p-3f, 0x1.eec7fap-5f, -0x1.ee568ep-8f, -0x1.c99588p-9f,
                       0x1.ad41a8p-10f, 0x1.662a7cp-13f, -0x1.d2ddaep-13f, -0x1.86ac18p-15f});
  auto slope = b.fma(t, q, b.constant(-0x1.373e3ap-1f));
  auto h = b.fma(t, slope, b.constant(0x1.82b4bcp-1f));
  auto rest = b.fma(t, slope, b.sub(b.constant(0x1.82b4bcp-1f), h));
  // H'(t) to a few bits, to correct for t's rounding error.
  auto derivative = polynomial(b, t, {-0x1.36f2bcp-1f, 0x1.8c61c6p-1f, -0x1.24fb68p-1f, 0x1.e7b7e4p-3f});
  auto hl = b.add(rest, b.fma(tl, derivative, b.fma(t, b.constant(-0x1.9e795p-26f), b.constant(-0x1.b69548p-27f))));
  auto g = b.mul(h, u.high);
  auto gl = b.add(b.fma(h, u.high, b.neg(g)), b.fma(h, u.low, b.mul(hl, u.high)));
  auto w = b.mul(a, g);
  auto wl = b.fma(a, gl, b.fma(a, g, b.neg(w)));
  auto tail = e.power.scale(b.fma(w, e.high, b.fma(w, e.low, b.mul(wl, e.high))));
  return b.sub(b.max(b.constant(-0.0f), x), tail);
}

/// The same function: exp(-a^2 / 2) a N(a) / D(a) with a = |x|, with few corrections for rounding errors. For a > 7 it
/// takes another quotient, and a scale that keeps everything before the result from being denormal; `beyond` says
/// whether there may be such lanes. The operations are in an order for which LLVM's code is fast.
template <class B>
typename B::Float fastGeluOf(B &b, typename B::Float x, float limit, bool beyond) {
  auto a = beyond ? b.limited_magnitude(x, 14.5f) : b.abs(x), square = b.mul(a, a);
  // exp(-a^2 / 2) = 2^n exp(-r / 2) with r = a^2 + 2 n ln2 and n in eighths. Only the rounding error of a^2 matters,
  // and only for the first power of r.
  constexpr float magic = 0x1.8p20f;
  auto shifted = b.fma(square, b.constant(-0x1.71547652b82fep-1f), b.constant(magic));
  auto n = b.sub(shifted, b.constant(magic));
  auto most = b.fma(n, b.constant(0x1.62e43p0f), square);
  auto r = b.add(most, b.fma(a, a, b.neg(square)));
  // The least relative error of 1 + r (c0 + c1 r + c2 r^2) for |r| <= 0.0867, by the algorithm of Lawson: 2^-25.2.
  auto series = polynomial(b, most, {-0.5f, 0x1.00088p-3f, -0x1.5548e8p-6f});
  // The powers of two contain the factor that makes the first coefficients of N and D 1. Near its best value, this one
  // makes the rounding errors of all eight powers least.
  constexpr float scale = 0x1p64f;
  static constexpr LaneTable numbers =
      powerTable([](int i, int n) { return float(0.39876878234809493 * power(i, n)); });
  static constexpr LaneTable near = scalable(numbers, 1), far = scalable(numbers, scale);
  auto number = b.bitcast_int(b.lookup(beyond ? far : near, b.bitcast_int(shifted)));
  auto power = b.bitcast_float(b.add(number, b.shl(b.bitcast_int(shifted), placeOfFractions(8))));
  auto product = b.mul(power, r), e = b.fma(product, series, power);
  // The least relative error of N / D = exp(a^2 / 2) erfc(a / sqrt(2)) / 2, likewise: 2^-23.0 below 1.2, where rounding
  // errors are smaller, and 2^-23.3 beyond. It contains the error that the rounding of 2 ln2 causes. Both are split at
  // a^2, so that the chains of operations are short.
  auto top = b.fma(b.add(a, b.constant(0x1.e04b82p2f)), a, b.constant(0x1.7b98d8p4f));
  auto numerator = b.fma(top, square, b.mul(a, b.constant(0x1.1663c6p5f)));
  top = b.fma(b.add(a, b.constant(0x1.df47fep2f)), a, b.constant(0x1.8e0114p4f));
  auto denominator = b.fma(top, square, b.fma(a, b.constant(0x1.488586p5f), b.constant(0x1.bc0d76p4f)));
  auto quotient = b.div(numerator, denominator), ramp = b.max(b.constant(-0.0f), x);
  if (!beyond) return b.fma(b.neg(quotient), e, ramp);
  auto result = b.fma(b.neg(quotient), b.mul(e, b.constant(1 / scale)), ramp);
  // a N / D, divided by the factor, for 7 <= a <= 14.5, likewise: 2^-24.8.
  numerator = polynomial(b, square, {0x1.d506aap0f, 0x1.5f0bdp2f, 0x1.001c76p0f});
  denominator = b.fma(b.add(square, b.constant(0x1.9ee214p2f)), square, b.constant(0x1.5527eap2f));
  quotient = b.mul(b.div(numerator, denominator), b.constant(1 / scale));
  return b.select(b.gt(a, b.constant(limit)), b.fma(b.neg(quotient), e, ramp), result);
}

template <class B>
typename B::Float fastGelu(B &b, typename B::Float x) {
  if (!b.has_branches()) return gelu(b, x);
  constexpr float limit = 7;
  return b.unless_any(
      b.any_above(b.abs(x), limit), [&] { return fastGeluOf(b, x, limit, false); },
      [&] { return fastGeluOf(b, x, limit, true); });
}

/// x sigmoid(w), w = 2 sqrt(2/pi) (x + 0.044715 x^3): the tanh form of GELU.
template <class B>
typename B::Float geluTanh(B &b, typename B::Float x) {
  auto a = b.limited_magnitude(x, 11.0f);
  // |w| = unit a (k + low) with k + low = a^2 + 1 / 0.044715. The first part of 1 / 0.044715 is so short that
  // subtracting it is exact.
  constexpr double unit = 0x1.2444f2a4d8b4bp-4, inverse = 1 / 0.044715;
  constexpr float inverseHigh = 0x1.65dp4f;
  auto square = b.mul(a, a), high = b.constant(inverseHigh);
  auto k = b.add(square, high);
  auto low = b.add(b.fma(a, a, b.neg(square)), b.constant(float(inverse - inverseHigh)));
  low = b.add(b.sub(square, b.sub(k, high)), low);
  auto w = b.mul(a, k);
  MultipleOfLn2<B> multiple(b, w, b.has_tables(), unit);
  auto r = b.has_tables() ? b.mul(b.fma(a, low, multiple.restOfProduct(b, a, k)), b.constant(float(unit)))
                          : multiple.rest(b, w, b.fma(a, low, b.fma(a, k, b.neg(w))));
  return gated(b, x, a, SigmoidOfNegative<B>(b, multiple, r));
}

/// x tanh(log(1 + exp(x))). For x <= 0 it is x n / (n + 2) with n = u^2 + 2u and u = exp(x). For x > 0 it is
/// x (1 - 2 u^2 / (1 + 2u + 2u^2)) with u = exp(-x).
template <class B>
typename B::Float mish(B &b, typename B::Float x) {
  auto one = b.constant(1.0f), two = b.constant(2.0f);
  ExpPair<B> e(b, b.max(b.constant(-120.0f), b.neg(b.abs(x))));
  auto u = e.power.scale(e.high), ul = e.power.scale(e.low);
  // Below 0 the result is x u (u + 2) / (n + 2), because n / u = u + 2. It is multiplied by u's power of two last.
  auto n = b.fma(u, u, b.add(u, u));
  auto nl = b.add(b.fma(u, u, b.sub(b.add(u, u), n)), b.mul(b.add(ul, ul), b.add(one, u)));
  auto d = b.add(n, two);
  Reciprocal<B> below(b, d, b.add(b.add(b.sub(two, d), n), nl));
  auto f = b.add(u, two);
  auto fl = b.add(b.add(b.sub(two, f), u), ul);
  auto g = b.mul(f, below.high);
  auto gl = b.add(b.fma(f, below.high, b.neg(g)), b.fma(f, below.low, b.mul(fl, below.high)));
  auto clamped = clampTo(b, x, -120.0f, 1e30f);
  auto low = b.mul(clamped, b.fma(e.high, g, b.fma(e.high, gl, b.mul(e.low, g))));
  // Above 0.
  auto square = b.mul(u, u);
  auto squareLow = b.fma(u, u, b.fma(b.add(u, u), ul, b.neg(square)));
  auto c = b.add(square, square);
  auto cl = b.add(squareLow, squareLow);
  auto e1 = b.fma(two, u, one);
  auto e1l = b.fma(two, u, b.sub(one, e1));
  auto denominator = b.add(e1, c);
  auto denominatorLow = b.add(b.add(b.sub(e1, denominator), c), b.add(e1l, b.fma(two, ul, cl)));
  Reciprocal<B> y(b, denominator, denominatorLow);
  auto part = b.mul(c, y.high);
  auto partLow = b.add(b.fma(c, y.high, b.neg(part)), b.fma(c, y.low, b.mul(cl, y.high)));
  auto factor = b.sub(one, part);
  auto factorLow = b.sub(b.sub(b.sub(one, factor), part), partLow);
  auto high = b.fma(clamped, factor, b.mul(clamped, factorLow));
  high = b.select(b.gt(x, b.constant(1e30f)), x, high);
  return b.select(b.le(x, b.constant(0.0f)), e.power.scale(low), high);  // also for -0
}

/// x n / (n + 2) with n = u^2 + 2u, u = exp(x), without corrections: nothing amplifies the rounding errors.
template <class B>
typename B::Float fastMish(B &b, typename B::Float x) {
  auto two = b.constant(2.0f);
  auto c = clampTo(b, x, -120.0f, 30.0f);
  ExpParts<B> e(b, c, b.has_avx512());
  PowerOfTwo<B> power(b, e.n);
  auto v = b.add(e.high, e.low), u = power.scale(v);
  // The power of two of one factor u comes last, so that denormal results are rounded once.
  auto ratio = b.mul(b.mul(v, b.add(u, two)), reciprocal(b, b.fma(u, b.add(u, two), two)));
  auto product = power.scale(b.mul(c, ratio));
  return b.select(b.gt(x, b.constant(30.0f)), x, product);
}

/// erf(x), by cells where there are tables. Elsewhere an odd polynomial up to 0.92, 1 - exp(log(erfc|x|)) beyond, 1
/// from 3.95 on.
template <class B>
typename B::Float erf(B &b, typename B::Float x) {
  if (b.has_avx512()) return oddByCells(b, x, kErfQuarters, 3.95f);
  if (b.has_tables()) return oddByCells(b, x, kErfHalves, 3.95f);
  auto a = b.abs(x), c = b.min(b.constant(3.95f), a);
  auto z = b.mul(c, c);
  // Sollya: fpminimax(erf(sqrt(x))/sqrt(x)-1, 6, [|SG...|], [2^-30;0.85], floating, absolute); error 2^-30.
  auto p = polynomial(b, z,
                      {0x1.06eba8p-3f, -0x1.812742p-2f, 0x1.ce2df2p-4f, -0x1.b80db2p-6f, 0x1.54c5a6p-8f,
                       -0x1.aa4e96p-11f, 0x1.5d5c98p-14f});
  auto small = b.fma(c, p, c);
  // Sollya: fpminimax(log(erfc(x)), 8, [|SG...|], [0.92;3.95], floating, absolute); error of erf 2^-30.
  auto g = polynomial(b, c,
                      {0x1.3e0ef4p-12f, -0x1.2152c8p0f, -0x1.438c2p-1f, -0x1.c2852p-4f, 0x1.b01b7cp-6f, -0x1.36ea0cp-8f,
                       0x1.374f7ap-11f, -0x1.7f9b2cp-15f, 0x1.b3697ep-20f});
  auto large = b.sub(b.constant(1.0f), exp(b, g));
  return b.copysign(b.select(b.lt(a, b.constant(0.92f)), small, large), x);
}

/// sin(r) for x = n pi + r, |r| <= pi/2, negated if the lowest bit of `shifted` is set. Subtracting the first part of
/// pi is exact for |x| <= 2^15. Beyond, r loses accuracy, but the result stays bounded. Every part of pi is rounded
/// down, so all parts are positive and r keeps the sign of x = -0.
template <class B>
typename B::Float sineOfHalfTurns(B &b, typename B::Float x, typename B::Float n, typename B::Float shifted) {
  auto r = b.fma(n, b.constant(-0x1.921fb4p1f), x);
  r = b.fma(n, b.constant(-0x1.4442dp-23f), r);
  r = b.fma(n, b.constant(-0x1.846988p-47f), r);
  auto a = b.min(b.constant(2.0f), b.abs(r)), z = b.mul(a, a);
  // Sollya: fpminimax((sin(sqrt(x))-sqrt(x))/(x*sqrt(x)), 4, [|SG...|], [2^-30;2.4678], floating, absolute); 2^-28.7.
  auto p = polynomial(b, z, {-0x1.555556p-3f, 0x1.11114ap-7f, -0x1.a02e42p-13f, 0x1.747572p-19f, -0x1.dfe74cp-26f});
  auto sine = b.min(b.constant(1.0f), b.fma(b.mul(a, z), p, a));
  auto sign = b.bit_and(b.bitcast_int(r), b.constant_int(std::numeric_limits<int32_t>::min()));
  auto odd = b.shl(b.bitcast_int(shifted), 31);
  return b.bitcast_float(b.bit_xor(b.bitcast_int(sine), b.bit_xor(sign, odd)));
}

template <class B>
typename B::Float sin(B &b, typename B::Float x) {
  auto magic = b.constant(0x1.8p23f);
  auto shifted = b.fma(x, b.constant(0x1.45f306p-2f), magic);
  return sineOfHalfTurns(b, x, b.sub(shifted, magic), shifted);
}

/// cos(x) for x = (n + 1/2) pi + r: -sin(r) for even n, sin(r) for odd n.
template <class B>
typename B::Float cos(B &b, typename B::Float x) {
  auto magic = b.constant(0x1.800002p23f), half = b.constant(0.5f);  // odd, so that an even n negates
  auto shifted = b.add(b.fma(x, b.constant(0x1.45f306p-2f), b.constant(-0.5f)), magic);
  return sineOfHalfTurns(b, x, b.add(b.sub(shifted, magic), half), shifted);
}

}  // namespace inlay::compiler::formulas

#endif  // INLAY_CODEGEN_SPECIALFORMULAS_H
