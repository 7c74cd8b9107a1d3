// SPDX-License-Identifier: Apache-2.0
// The activations of the table in vector form, from the elementary functions. NaN in gives NaN out: it is the second
// operand of every minimum and maximum, and fails every comparison.
#ifndef INLAY_CODEGEN_ACTIVATIONFORMULAS_H
#define INLAY_CODEGEN_ACTIVATIONFORMULAS_H

#include "SpecialFormulas.h"

namespace inlay::compiler::formulas {

/// max(x, 0).
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
  if (b.has_avx512() && threshold == 0.0f) return b.unit_step(x);
  auto fires = b.select(b.gt(x, b.constant(threshold)), b.constant(1.0f), b.constant(0.0f));
  return b.select(b.is_nan(x), x, fires);
}

/// softplus(x) = log(1 + exp(t)) / beta with t = beta x, and x where t > threshold.
template <class B>
typename B::Float softplus(B &b, typename B::Float x, float beta, float threshold, bool fast) {
  if (beta == 1.0f) return b.select(b.gt(x, b.constant(threshold)), x, softplusOf(b, x, b.constant(0.0f), fast));
  auto t = b.mul(x, b.constant(beta));
  auto soft = b.div(softplusOf(b, t, b.fma(x, b.constant(beta), b.neg(t)), fast), b.constant(beta));
  return b.select(b.gt(t, b.constant(threshold)), x, soft);
}

/// x from 0 on, factor (exp(x / alpha) - 1) below, both times scale.
template <class B>
typename B::Float exponentialLinear(B &b, typename B::Float x, float alpha, float factor, float scale) {
  auto t = alpha == 1.0f ? x : b.div(x, b.constant(alpha));
  auto below = b.mul(expm1OfNegative(b, t), b.constant(factor));
  auto above = scale == 1.0f ? x : b.mul(x, b.constant(scale));
  return b.select(b.ge(x, b.constant(0.0f)), above, below);  // of -0, too
}

template <class B>
typename B::Float hardSigmoid(B &b, typename B::Float x) {
  return b.div(clampTo(b, b.add(x, b.constant(3.0f)), 0.0f, 6.0f), b.constant(6.0f));
}

template <class B>
typename B::Float hardSwish(B &b, typename B::Float x) {
  // -3 and below give -0, as the product would, also at -inf.
  return b.mul(b.max(b.constant(-3.0f), x), hardSigmoid(b, x));
}

template <class B>
typename B::Float logSigmoid(B &b, typename B::Float x, bool fast) {
  return b.neg(softplusOf(b, b.neg(x), b.constant(0.0f), fast));
}

/// x / (1 + |x|); the clamp keeps inf / inf away.
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
