// SPDX-License-Identifier: Apache-2.0
// Piecewise polynomials from tables in registers, which need no division. Only where the builder has_tables().
#ifndef INLAY_CODEGEN_TABULATEDFORMULAS_H
#define INLAY_CODEGEN_TABULATEDFORMULAS_H

#include <vector>

#include "Math/CellTables.h"

namespace inlay::compiler::formulas {

/// f(a) for a from 0 to the last cell's end. Where firstLacksOne, the first cell stores slope - 1 and adds h
/// separately, so that the leading 1 is exact.
template <class B, int Rows, int Count>
typename B::Float byCells(B &b, typename B::Float a, const Cells<Rows, Count> &cells) {
  // Positive floats have the order of their bits, and the maximum of integers takes fewer instructions.
  auto bits = b.bitcast_int(a);
  if (cells.offset != 0) bits = b.add(bits, b.constant_int(cells.offset));
  auto index = b.shr_arithmetic(b.max(bits, b.constant_int(cells.base)), cells.shift);
  auto h = b.sub(a, b.lookup(cells.rows[0], index)), start = b.lookup(cells.rows[1], index);
  if (cells.firstLacksOne) start = b.select(b.lt(a, b.constant(cells.firstEnd)), h, start);
  // Only the last two steps decide about the last bit. Those before them are done pairwise (Estrin), because a kernel
  // of one sample waits for the longest chain.
  std::vector<typename B::Float> terms;
  for (int i = cells.ofTanh ? 2 : 3; i < Rows; ++i) terms.push_back(b.lookup(cells.rows[i], index));
  for (auto power = h; terms.size() > 1; power = b.mul(power, power)) {
    std::vector<typename B::Float> pairs;
    for (size_t i = 0; i < terms.size(); i += 2)
      pairs.push_back(i + 1 < terms.size() ? b.fma(terms[i + 1], power, terms[i]) : terms[i]);
    terms = std::move(pairs);
  }
  // tanh' = 1 - tanh^2 takes as long as a lookup, and its table would take two registers.
  auto atCentre = cells.ofTanh ? b.fma(b.neg(start), start, b.constant(1.0f)) : b.lookup(cells.rows[2], index);
  auto slope = b.fma(terms[0], h, atCentre);
  return b.fma(slope, h, start);
}

/// Odd f(x) by cells; constant beyond `limit`.
template <class B, int Rows, int Count>
typename B::Float oddByCells(B &b, typename B::Float x, const Cells<Rows, Count> &cells, float limit) {
  return b.copysign(byCells(b, b.min(b.constant(limit), b.abs(x)), cells), x);
}

}  // namespace inlay::compiler::formulas

#endif  // INLAY_CODEGEN_TABULATEDFORMULAS_H
