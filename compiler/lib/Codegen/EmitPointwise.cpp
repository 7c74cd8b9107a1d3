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
  auto type = llvm::cast<mlir::RankedTensorType>(op.getType());
  // Along the axis each operand is a run of contiguous elements; `repeats` such runs make up the result.
  int64_t repeats = 1, inner = 1;
  for (int64_t i = 0; i < type.getRank(); ++i) {
    if (i < static_cast<int64_t>(op.getAxis())) repeats *= type.getDimSize(i);
    if (i > static_cast<int64_t>(op.getAxis())) inner *= type.getDimSize(i);
  }
  const int64_t period = type.getDimSize(static_cast<unsigned>(op.getAxis())) * inner;
  int64_t offset = 0;
  for (Value operand : op.getInputs()) {
    const RowView piece = views(operand);
    const int64_t run = piece.elements / repeats;
    const int64_t first = offset;
    offset += run;
    if (piece.memory == result.memory && piece.base == result.base + first && repeats == 1) continue;  // computed there
    // A view of one run.
    RowView target = result;
    target.base += first;
    target.padded = false;
    copyRuns(loc, context, {repeats, run}, piece, run, target, period);
  }
}

void emitSlice(SliceOp op, KernelContext &context, ViewLookup views) {
  RowView from = views(op.getInput()), to = views(op.getResult());
  auto type = llvm::cast<mlir::RankedTensorType>(op.getInput().getType());
  int64_t repeats = 1, inner = 1;
  for (int64_t i = 0; i < type.getRank(); ++i) {
    if (i < static_cast<int64_t>(op.getAxis())) repeats *= type.getDimSize(i);
    if (i > static_cast<int64_t>(op.getAxis())) inner *= type.getDimSize(i);
  }
  const int64_t run = static_cast<int64_t>(op.getLength()) * inner;
  from.base += static_cast<int64_t>(op.getStart()) * inner;
  from.broadcast = false;
  to.padded = to.padded && repeats == 1;
  copyRuns(op.getLoc(), context, {repeats, run}, from, type.getDimSize(static_cast<unsigned>(op.getAxis())) * inner, to,
           run);
}

}  // namespace inlay::compiler
