// SPDX-License-Identifier: Apache-2.0
// The scale and shift that a scalar program applies to one of its arguments.
#ifndef INLAY_TRANSFORMS_AFFINE_H
#define INLAY_TRANSFORMS_AFFINE_H

#include "Numbers.h"

namespace inlay::compiler {

/// scale * x + shift, element by element. Without a scale it is a constant.
struct Affine {
  std::optional<Numbers> scale;
  Numbers shift;

  bool isConstant() const { return !scale; }
};

/// The scalars of a map's program that are affine in its argument `variable`, and those that are constant, because they
/// depend on weights and numbers alone. `variable` may be null.
llvm::DenseMap<mlir::Value, Affine> affineScalars(MapOp map, mlir::Value variable);

}  // namespace inlay::compiler

#endif  // INLAY_TRANSFORMS_AFFINE_H
