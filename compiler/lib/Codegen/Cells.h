// SPDX-License-Identifier: Apache-2.0
// What CellTables.h is a list of.
#ifndef INLAY_CODEGEN_CELLS_H
#define INLAY_CODEGEN_CELLS_H

#include <cstdint>

namespace inlay::compiler::formulas {

/// A function as a polynomial for each cell, of which make_cell_tables.py says what it is.
template <int Rows, int Count>
struct Cells {
  float rows[Rows][Count];  ///< centres c; f(c); the coefficients of (f(c + h) - f(c)) / h from h^0 on
  int shift;
  int32_t offset, base;  ///< base: the bits, offset and all, that stand for the first cell
  float firstEnd;        ///< where the first cell ends
  bool firstLacksOne;    ///< whether 1 is to be added to its slope
};

}  // namespace inlay::compiler::formulas

#endif  // INLAY_CODEGEN_CELLS_H
