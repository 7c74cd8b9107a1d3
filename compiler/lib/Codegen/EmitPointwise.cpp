// SPDX-License-Identifier: Apache-2.0
// Kernels that visit every element once: pointwise maps and the copies that a concat could not avoid.
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

namespace {

struct Runs {
  int64_t count, length;
};

/// The runs that an axis divides a row into: as many as there are indices before it.
Runs runsAlong(Value value, int64_t axis) {
  llvm::ArrayRef<int64_t> sizes = llvm::cast<mlir::RankedTensorType>(value.getType()).getShape();
  const int64_t count = mlir::ShapedType::getNumElements(sizes.take_front(static_cast<size_t>(axis)));
  return {count, elementsOf(value) / count};
}

/// Copies runs of contiguous elements, which are `fromPeriod` apart in the source and `toPeriod` in the target.
void copyRuns(Location loc, KernelContext &context, Runs runs, const RowView &from, int64_t fromPeriod,
              const RowView &to, int64_t toPeriod) {
  context.forEachRow(loc, [&](Value row) {
    context.forEach(loc, runs.count, 1, [&](Value run) {
      const auto shift = [&](Value column, int64_t period) -> Value {
        Value start = context.builder.createOrFold<mlir::arith::MulIOp>(loc, run, context.index(period, loc));
        return context.builder.createOrFold<mlir::arith::AddIOp>(loc, start, column);
      };
      context.forEachVector(loc, runs.length, [&](Value column, int64_t live) {
        Value vector = context.load(loc, from, row, shift(column, fromPeriod), context.features.lanes, live,
                                    DeadLanes::unspecified);
        context.store(loc, to, row, shift(column, toPeriod), vector, live);
      });
    });
  });
}

}  // namespace

void emitConcat(ConcatOp op, KernelContext &context, ViewLookup views) {
  Location loc = op.getLoc();
  const RowView result = views(op.getResult());
  const Runs runs = runsAlong(op.getResult(), static_cast<int64_t>(op.getAxis()));
  int64_t offset = 0;
  for (Value operand : op.getInputs()) {
    const RowView piece = views(operand);
    const int64_t run = piece.elements / runs.count;
    const int64_t first = offset;
    offset += run;
    if (piece.memory == result.memory && piece.base == result.base + first && runs.count == 1)
      continue;  // computed there
    // A view of one run.
    RowView target = result;
    target.base += first;
    target.padded = false;
    copyRuns(loc, context, {runs.count, run}, piece, run, target, runs.length);
  }
}

void emitSlice(SliceOp op, KernelContext &context, ViewLookup views) {
  RowView from = views(op.getInput()), to = views(op.getResult());
  const auto axis = static_cast<int64_t>(op.getAxis());
  const Runs source = runsAlong(op.getInput(), axis), runs = runsAlong(op.getResult(), axis);
  from.base += static_cast<int64_t>(op.getStart()) * (runs.length / static_cast<int64_t>(op.getLength()));
  to.padded = to.padded && runs.count == 1;
  copyRuns(op.getLoc(), context, runs, from, source.length, to, runs.length);
}

}  // namespace inlay::compiler
