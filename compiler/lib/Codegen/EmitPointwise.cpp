// SPDX-License-Identifier: Apache-2.0
// Kernels of pointwise maps.
#include "KernelContext.h"

namespace inlay::compiler {

using mlir::Location;
using mlir::Value;

/// Vectors computed side by side. They keep the core busy and fit into its 32 or 16 registers.
static int64_t waysOf(const VectorFeatures &features) { return features.avx512 ? 4 : 2; }

void emitMap(MapOp op, KernelContext &context, ViewLookup views) {
  Location loc = op.getLoc();
  mlir::OpBuilder &builder = context.builder;
  const RowView result = views(op.getResult());
  const int64_t lanes = context.features.lanes;
  context.forEachRow(loc, [&](Value row) {
    context.forEachVectors(loc, result.elements, waysOf(context.features), [&](Value column, int64_t live) {
      llvm::SmallVector<int64_t> columns;
      for (int64_t offset = 0; offset < live; offset += lanes) columns.push_back(offset);
      auto at = [&](int64_t offset) -> Value {
        return builder.createOrFold<mlir::arith::AddIOp>(loc, column, context.index(offset, loc));
      };
      llvm::SmallVector<VectorBuilder::Vectors> arguments;
      for (Value operand : op.getInputs()) {
        const RowView view = views(operand).asOperandOf(result.elements);
        VectorBuilder::Vectors &vectors = arguments.emplace_back();
        for (int64_t offset : columns)
          vectors.push_back(context.load(loc, view, row, at(offset), lanes, std::min(lanes, live - offset)));
      }
      auto results = context.inlineProgram(op.getBody(), arguments, lanes, result.elements);
      for (auto [offset, vector] : llvm::zip_equal(columns, results))
        context.store(loc, result, row, at(offset), vector, std::min(lanes, live - offset));
    });
  });
}

}  // namespace inlay::compiler
