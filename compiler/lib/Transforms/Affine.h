// SPDX-License-Identifier: Apache-2.0
// What a scalar program does to one of its arguments, where it only scales and shifts it.
#ifndef INLAY_TRANSFORMS_AFFINE_H
#define INLAY_TRANSFORMS_AFFINE_H

#include "Numbers.h"

namespace inlay::compiler {

/// scale x + shift, element by element; a constant where there is no scale.
struct Affine {
  std::optional<Numbers> scale;
  Numbers shift;

  bool isConstant() const { return !scale; }
};

/// The scalars of a map's program that are affine in `variable`, one of its arguments, or constant: those that weights
/// and numbers alone make.
llvm::DenseMap<mlir::Value, Affine> affineScalars(MapOp map, mlir::Value variable);

}  // namespace inlay::compiler

#endif  // INLAY_TRANSFORMS_AFFINE_H
