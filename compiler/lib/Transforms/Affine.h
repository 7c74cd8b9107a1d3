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

/// The shape that the constant operands of a map are broadcast to among themselves. It has the rank of the map's
/// result, and no axis is larger than the result's; an axis along which all of them repeat has size 1. If they have one
/// element each, all sizes are 1.
llvm::SmallVector<int64_t> constantFrame(MapOp map);

/// `numbers` of shape `from` as elements of `to`.
Numbers broadcastTo(const Numbers &numbers, llvm::ArrayRef<int64_t> from, llvm::ArrayRef<int64_t> to);

/// The scalars of a map's program that are affine in its argument `variable`, and those that are constant, because they
/// depend on weights and numbers alone. `variable` may be null. The numbers are those of a value of shape
/// constantFrame().
llvm::DenseMap<mlir::Value, Affine> affineScalars(MapOp map, mlir::Value variable);

}  // namespace inlay::compiler

#endif  // INLAY_TRANSFORMS_AFFINE_H
