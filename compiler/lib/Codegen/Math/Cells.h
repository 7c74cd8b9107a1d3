// SPDX-License-Identifier: Apache-2.0
// The type of the tables in CellTables.h.
#ifndef INLAY_CODEGEN_CELLS_H
#define INLAY_CODEGEN_CELLS_H

#include <cstdint>

namespace inlay::compiler::formulas {

/// Piecewise polynomial. make_cell_tables.py defines a cell.
template <int Rows, int Count>
struct Cells {
  /// Centres c; f(c); the coefficients of (f(c + h) - f(c)) / h from h^0 on, or from h^1 on if ofTanh.
  float rows[Rows][Count];
  int shift;
  int32_t offset, base;  ///< base: bits + offset of the first cell; lower ones are raised to it
  float firstEnd;        ///< where the first cell ends
  bool firstLacksOne;    ///< whether the first cell stores its slope less 1
  bool ofTanh;           ///< whether the coefficient of h^0 is 1 - f(c)^2
};

}  // namespace inlay::compiler::formulas

#endif  // INLAY_CODEGEN_CELLS_H
