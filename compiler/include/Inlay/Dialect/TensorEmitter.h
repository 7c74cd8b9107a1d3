// SPDX-License-Identifier: Apache-2.0
// Ops that move the elements of tensors, as passes emit them.
#ifndef INLAY_DIALECT_TENSOREMITTER_H
#define INLAY_DIALECT_TENSOREMITTER_H

#include "Inlay/Dialect/InlayDialect.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/PatternMatch.h"

namespace inlay::compiler {

using Sizes = llvm::SmallVector<int64_t>;

/// Emits ops at one place. An op that would change nothing is left out.
struct TensorEmitter {
  mlir::RewriterBase &rewriter;
  mlir::Location loc;

  mlir::RankedTensorType tensor(llvm::ArrayRef<int64_t> sizes) {
    return mlir::RankedTensorType::get(sizes, rewriter.getF32Type());
  }
  mlir::Value permute(mlir::Value x, llvm::ArrayRef<int64_t> axes) {
    return rewriter.create<PermuteOp>(loc, tensor(mlir::applyPermutation(sizesOf(x), axes)), x, axes);
  }
  mlir::Value reshape(mlir::Value x, llvm::ArrayRef<int64_t> sizes) {
    return sizesOf(x) == sizes ? x : rewriter.create<ReshapeOp>(loc, tensor(sizes), x).getResult();
  }
  /// The elements `start` to `start + length - 1` of an axis.
  mlir::Value slice(mlir::Value x, unsigned axis, int64_t start, int64_t length) {
    if (sizesOf(x)[axis] == length) return x;
    Sizes sizes(sizesOf(x));
    sizes[axis] = length;
    return rewriter.create<SliceOp>(loc, tensor(sizes), x, axis, start, length);
  }
};

}  // namespace inlay::compiler

#endif  // INLAY_DIALECT_TENSOREMITTER_H
