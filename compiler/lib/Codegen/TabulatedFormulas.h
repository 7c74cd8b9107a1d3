// SPDX-License-Identifier: Apache-2.0
// Functions from tables in registers: cells of a polynomial each, so that no division is needed. Only where the
// builder has_tables().
#ifndef INLAY_CODEGEN_TABULATEDFORMULAS_H
#define INLAY_CODEGEN_TABULATEDFORMULAS_H

#include "CellTables.h"

namespace inlay::compiler::formulas {

/// f(a), a from 0 to the last cell's end. What the slope of the first cell may lack is added as h itself: a slope at 0
/// other than 1 could only be stored rounded, and in a wide cell the slope would be rounded beside the result.
template <class B, int Rows, int Count>
typename B::Float byCells(B &b, typename B::Float a, const Cells<Rows, Count> &cells) {
  // Of positive floats the order is that of their bits, and the shorter maximum that of integers.
  auto bits = b.bitcast_int(a);
  if (cells.offset != 0) bits = b.add(bits, b.constant_int(cells.offset));
  auto index = b.shr_arithmetic(b.max(bits, b.constant_int(cells.base)), cells.shift);
  auto h = b.sub(a, b.lookup(cells.rows[0], index)), start = b.lookup(cells.rows[1], index);
  if (cells.firstLacksOne) start = b.select(b.lt(a, b.constant(cells.firstEnd)), h, start);
  auto slope = b.lookup(cells.rows[Rows - 1], index);
  for (int i = Rows - 2; i >= 2; --i) slope = b.fma(slope, h, b.lookup(cells.rows[i], index));
  return b.fma(slope, h, start);
}

/// Odd f(x) by cells; constant beyond `limit`.
template <class B, int Rows, int Count>
typename B::Float oddByCells(B &b, typename B::Float x, const Cells<Rows, Count> &cells, float limit) {
  return b.copysign(byCells(b, b.min(b.constant(limit), b.abs(x)), cells), x);
}

}  // namespace inlay::compiler::formulas

#endif  // INLAY_CODEGEN_TABULATEDFORMULAS_H
