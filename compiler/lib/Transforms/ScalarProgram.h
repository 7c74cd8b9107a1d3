// SPDX-License-Identifier: Apache-2.0
// Composition of the scalar programs that maps and epilogues carry.
#ifndef INLAY_TRANSFORMS_SCALARPROGRAM_H
#define INLAY_TRANSFORMS_SCALARPROGRAM_H

#include "Inlay/Transforms/Passes.h"

namespace inlay::compiler {

/// A program under construction: its operands, each of them once, and its block.
class ProgramBuilder {
 public:
  /// Starts in `region`, which must be empty; the first `fixed` block arguments have no operand.
  ProgramBuilder(mlir::RewriterBase &rewriter, mlir::Region &region, unsigned fixed, mlir::Location loc);

  /// The scalar that stands for one element of `operand`.
  mlir::Value scalarOf(mlir::Value operand);
  /// Appends `program` with `arguments` for its block arguments; returns what it yields.
  mlir::Value append(mlir::Region &program, mlir::ValueRange arguments);
  void yield(mlir::Value value);

  mlir::Block &getBlock() { return *block; }
  llvm::ArrayRef<mlir::Value> getOperands() const { return operands; }

 private:
  mlir::RewriterBase &rewriter;
  mlir::Block *block;
  unsigned fixed;
  mlir::Location loc;
  llvm::SmallVector<mlir::Value> operands;
};

}  // namespace inlay::compiler

#endif  // INLAY_TRANSFORMS_SCALARPROGRAM_H
