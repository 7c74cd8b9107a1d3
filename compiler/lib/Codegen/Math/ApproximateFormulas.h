// SPDX-License-Identifier: Apache-2.0
// The forms of the tier `approximate`: polynomials from tables in registers. Only where the builder has_tables().
#ifndef INLAY_CODEGEN_APPROXIMATEFORMULAS_H
#define INLAY_CODEGEN_APPROXIMATEFORMULAS_H

#include "Math/ApproximateTables.h"
#include "Math/ElementaryFormulas.h"

namespace inlay::compiler::formulas {

/// f(a) for a from 0 to the table's limit.
template <class B, int Rows, int Count>
typename B::Float approximateByCells(B &b, typename B::Float a, const ApproximateCells<Rows, Count> &cells) {
  auto place = b.fma(a, b.constant(cells.scale), b.constant(cells.start));
  auto index = b.shr_arithmetic(b.bitcast_int(place), cells.shift);
  auto result = b.lookup(cells.rows[Rows - 1], index);
  for (int i = Rows - 2; i >= 0; --i) result = b.fma(result, a, b.lookup(cells.rows[i], index));
  return result;
}

/// Odd f(x); constant beyond the limit.
template <class B, int Rows, int Count>
typename B::Float approximateOdd(B &b, typename B::Float x, const ApproximateCells<Rows, Count> &cells) {
  return b.copysign(approximateByCells(b, b.min(b.constant(cells.limit), b.abs(x)), cells), x);
}

/// max(x, 0) + sign f(|x|), where f is 0 beyond the limit. NaN comes through the maximum.
template <class B, int Rows16, int Rows8>
typename B::Float approximateRamp(B &b, typename B::Float x, int sign, const ApproximateCells<Rows16, 16> &of16,
                                  const ApproximateCells<Rows8, 8> &of8) {
  auto ramp = b.max(b.constant(0.0f), x);
  const auto by = [&](const auto &cells) {
    auto correction = approximateByCells(b, b.limited_magnitude(x, cells.limit), cells);
    return sign > 0 ? b.add(ramp, correction) : b.sub(ramp, correction);
  };
  return b.has_avx512() ? by(of16) : by(of8);
}

template <class B>
typename B::Float approximateTanh(B &b, typename B::Float x) {
  return b.has_avx512() ? approximateOdd(b, x, kTanhOf16) : approximateOdd(b, x, kTanhOf8);
}
template <class B>
typename B::Float approximateErf(B &b, typename B::Float x) {
  return b.has_avx512() ? approximateOdd(b, x, kErfOf16) : approximateOdd(b, x, kErfOf8);
}

/// 1/2 + x N(x^2) / D(x^2) on AVX2, which takes fewer operations than picking coefficients.
template <class B>
typename B::Float approximateSigmoid(B &b, typename B::Float x) {
  auto half = b.constant(0.5f);
  if (b.has_avx512()) return b.add(approximateOdd(b, x, kSigmoidOf16), half);
  auto c = clampTo(b, x, -10.4f, 10.4f), z = b.mul(c, c);
  // The least absolute error up to 10.4, by the algorithm of Lawson: 2.7e-5. It is monotone. The last value is 2^-18
  // below 1.
  auto numerator = polynomial(b, z, {0x1.417812p8f, 0x1.03ec6ep3f, 0x1.a29014p-7f});
  auto denominator = b.fma(b.add(z, b.constant(0x1.16ead8p7f)), z, b.constant(0x1.418b5ap10f));
  return b.add(b.div(b.mul(c, numerator), denominator), half);
}

template <class B>
typename B::Float approximateSoftplus(B &b, typename B::Float x) {
  return approximateRamp(b, x, 1, kSoftplusOf16, kSoftplusOf8);
}
template <class B>
typename B::Float approximateSilu(B &b, typename B::Float x) {
  return approximateRamp(b, x, -1, kSiluOf16, kSiluOf8);
}
template <class B>
typename B::Float approximateGelu(B &b, typename B::Float x) {
  return approximateRamp(b, x, -1, kGeluOf16, kGeluOf8);
}

/// exp(x) = 2^n 2^f with t = x / ln2 and n = floor(t), or on AVX2 the whole number next to t. The polynomials have the
/// least relative error, 2^-13.7, by the algorithm of Remez: for 2^f from 0 to 1, and from -1/2 to 1/2.
template <class B>
typename B::Float approximateExp(B &b, typename B::Float x) {
  const auto series = [&](typename B::Float f, float c0, float c1, float c2, float c3) {
    return b.fma(b.fma(b.fma(b.constant(c3), f, b.constant(c2)), f, b.constant(c1)), f, b.constant(c0));
  };
  // 1 / ln2, rounded so that no result overflows that should not.
  auto inverseOfLn2 = b.constant(0x1.715474p0f);
  if (b.has_avx512()) {
    auto t = b.silent_mul(x, inverseOfLn2);  // the product may overflow where the result is 0
    return b.scalef(series(b.fraction(t), 0x1.fff632p-1f, 0x1.64444cp-1f, 0x1.cefc4cp-3f, 0x1.3f96a4p-4f), t);
  }
  // Adding 1.5 * 2^23 rounds t to n. n goes into the exponent of 2^f, less 1 where `half` is set.
  auto magic = b.constant(0x1.8p23f);
  const auto scaled = [&](typename B::Float of, bool half) {
    auto sum = b.fma(of, inverseOfLn2, magic), f = b.fma(of, inverseOfLn2, b.sub(magic, sum));
    auto power = series(f, 0x1.fff692p-1f, 0x1.62f31ap-1f, 0x1.f0de1ap-3f, 0x1.c3f76p-5f);
    auto n = b.bitcast_int(sum);
    if (half) n = b.sub(n, b.constant_int(1));
    return b.bitcast_float(b.add(b.bitcast_int(power), b.shl(n, 23)));
  };
  // For |x| <= 87 the result is normal. Beyond, it is the sum of two halves, which may overflow. Below -86.5 it is 0.
  constexpr float limit = 87;
  return stepWithin(
      b, x, b.any_above(b.abs(x), limit), b.abs(x), 0, std::bit_cast<uint32_t>(limit) + 1,
      [&](typename B::Float normal) { return scaled(normal, false); },
      [&](typename B::Float any) {
        auto half = scaled(b.min(b.max(any, b.constant(-86.0f)), b.constant(88.8f)), true);
        return b.select(b.lt(any, b.constant(-86.5f)), b.constant(0.0f),
                        b.select(b.is_nan(any), any, b.add(half, half)));
      });
}

}  // namespace inlay::compiler::formulas

#endif  // INLAY_CODEGEN_APPROXIMATEFORMULAS_H
