// SPDX-License-Identifier: Apache-2.0
// Moves samples between the caller's memory, where the elements of a sample lie side by side, and registers, where the
// same element of several samples does.
#ifndef INLAY_CODEGEN_TRANSPOSE_H
#define INLAY_CODEGEN_TRANSPOSE_H

#include "Kernel/KernelContext.h"

namespace inlay::compiler {

/// Loads `elements` elements of each of `lanes` samples, 4 or more, from the start of `samples`. Runs `take(element,
/// vector)` for each element, some of them twice.
void loadTransposed(KernelContext &context, mlir::Location loc, mlir::Value samples, int64_t elements, int64_t lanes,
                    llvm::function_ref<void(int64_t, mlir::Value)> take);

/// Stores them. `give(element)` returns the vector of an element, and is called for some elements twice.
void storeTransposed(KernelContext &context, mlir::Location loc, mlir::Value samples, int64_t elements, int64_t lanes,
                     llvm::function_ref<mlir::Value(int64_t)> give);

/// Samples that lie apart: the one of lane i begins at `starts[i]` + `offset`.
struct SpreadSamples {
  mlir::Value memory;
  llvm::ArrayRef<mlir::Value> starts;
  mlir::Value offset;

  /// Where `element` of the sample in a lane is.
  mlir::Value place(KernelContext &context, mlir::Location loc, int64_t lane, int64_t element) const {
    return context.plus(loc, context.plus(loc, starts[static_cast<size_t>(lane)], offset), element);
  }
};

/// The same for samples that lie apart. Several of them may be the same one.
void gatherTransposed(KernelContext &context, mlir::Location loc, SpreadSamples samples, int64_t elements,
                      llvm::function_ref<void(int64_t, mlir::Value)> take);
void scatterTransposed(KernelContext &context, mlir::Location loc, SpreadSamples samples, int64_t elements,
                       llvm::function_ref<mlir::Value(int64_t)> give);

}  // namespace inlay::compiler

#endif  // INLAY_CODEGEN_TRANSPOSE_H
