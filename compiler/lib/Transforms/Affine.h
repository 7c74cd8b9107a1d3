// SPDX-License-Identifier: Apache-2.0
// What a scalar program does to one of its arguments, where it only scales and shifts it.
#ifndef INLAY_TRANSFORMS_AFFINE_H
#define INLAY_TRANSFORMS_AFFINE_H

#include <optional>
#include <vector>

#include "Inlay/Transforms/Passes.h"

namespace inlay::compiler {

using Numbers = std::vector<double>;

/// The elements of a constant of f32, in double.
std::optional<Numbers> numbersOf(mlir::Value value);

/// The reverse: numbers, rounded to f32, as a constant, whose name may be null.
ConstantOp createConstant(mlir::OpBuilder &builder, mlir::Location loc, mlir::StringAttr name,
                          llvm::ArrayRef<int64_t> shape, const Numbers &numbers);

/// scale x + shift, element by element; a constant where scale is empty.
struct Affine {
  Numbers scale, shift;

  bool isConstant() const { return scale.empty(); }
};

/// The scalars of a map's program that are affine in `variable`, one of its arguments, or constant: those that weights
/// and numbers alone make.
llvm::DenseMap<mlir::Value, Affine> affineScalars(MapOp map, mlir::Value variable);

}  // namespace inlay::compiler

#endif  // INLAY_TRANSFORMS_AFFINE_H
