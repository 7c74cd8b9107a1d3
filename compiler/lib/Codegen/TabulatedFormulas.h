// SPDX-License-Identifier: Apache-2.0
// Functions from tables in registers: 32 cells of a polynomial each, so that no division is needed. Only where the
// builder has_avx512().
#ifndef INLAY_CODEGEN_TABULATEDFORMULAS_H
#define INLAY_CODEGEN_TABULATEDFORMULAS_H

#include "CellTables.h"

namespace inlay::compiler::formulas {

/// The cell of a in [0, 16), and what a lies above its centre.
template <class B>
struct CellOf {
  typename B::Int index;
  typename B::Float h;

  CellOf(B &b, typename B::Float a, const float (&cells)[7][32])
      // Of positive floats the order is that of their bits, and the shorter maximum that of integers.
      : index(b.shr_arithmetic(b.max(b.bitcast_int(a), b.constant_int(0x3d800000)), 21)),
        h(b.sub(a, b.lookup(cells[0], index))) {}

  /// (f(c + h) - f(c)) / h.
  typename B::Float slope(B &b, const float (&cells)[7][32]) {
    auto sum = b.lookup(cells[6], index);
    for (int i = 5; i >= 2; --i) sum = b.fma(sum, h, b.lookup(cells[i], index));
    return sum;
  }
};

/// Odd f(x) by cells; constant beyond `limit`. A slope other than 1 at 0 could only be stored rounded: its cell lacks
/// the slope 1, which is added as h itself.
template <class B>
typename B::Float oddByTable(B &b, typename B::Float x, const float (&cells)[7][32], float limit, bool unitSlope) {
  auto a = b.min(b.constant(limit), b.abs(x));
  CellOf<B> cell(b, a, cells);
  auto start = b.lookup(cells[1], cell.index);
  if (!unitSlope) start = b.select(b.lt(a, b.constant(0x1.4p-4f)), cell.h, start);
  return b.copysign(b.fma(cell.slope(b, cells), cell.h, start), x);
}

}  // namespace inlay::compiler::formulas

#endif  // INLAY_CODEGEN_TABULATEDFORMULAS_H
