// SPDX-License-Identifier: Apache-2.0
// Composition of the scalar programs that maps and epilogues carry.
#include "ScalarProgram.h"

#include "mlir/IR/IRMapping.h"

namespace inlay::compiler {

ProgramBuilder::ProgramBuilder(mlir::RewriterBase &rewriter, mlir::Region &region, unsigned fixed, mlir::Location loc)
    : rewriter(rewriter), fixed(fixed), loc(loc) {
  mlir::OpBuilder::InsertionGuard guard(rewriter);
  block = rewriter.createBlock(&region);
  for (unsigned i = 0; i < fixed; ++i) block->addArgument(rewriter.getF32Type(), loc);
}

mlir::Value ProgramBuilder::scalarOf(mlir::Value operand) {
  auto *found = llvm::find(operands, operand);
  if (found != operands.end()) return block->getArgument(fixed + static_cast<unsigned>(found - operands.begin()));
  operands.push_back(operand);
  return block->addArgument(rewriter.getF32Type(), loc);
}

mlir::Value ProgramBuilder::append(mlir::Region &program, mlir::ValueRange arguments) {
  mlir::OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPointToEnd(block);
  mlir::IRMapping mapping;
  mapping.map(program.getArguments(), arguments);
  for (mlir::Operation &op : program.front().without_terminator()) rewriter.clone(op, mapping);
  return mapping.lookupOrDefault(llvm::cast<YieldOp>(program.front().back()).getValue());
}

void ProgramBuilder::yield(mlir::Value value) {
  mlir::OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPointToEnd(block);
  rewriter.create<YieldOp>(loc, value);
}

}  // namespace inlay::compiler
