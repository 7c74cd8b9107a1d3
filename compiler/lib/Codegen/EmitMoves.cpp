// SPDX-License-Identifier: Apache-2.0
// Kernels that copy elements: the pieces of a concat that are not at their place, slices, permutations and padding.
#include "KernelContext.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

namespace inlay::compiler {

using mlir::Location;
using mlir::Value;

namespace {

llvm::ArrayRef<int64_t> sizesOf(Value value) { return llvm::cast<mlir::RankedTensorType>(value.getType()).getShape(); }

/// base + index * factor.
Value plusTimes(KernelContext &context, Location loc, Value base, Value index, int64_t factor) {
  Value scaled = context.builder.createOrFold<mlir::arith::MulIOp>(loc, index, context.index(factor, loc));
  return context.builder.createOrFold<mlir::arith::AddIOp>(loc, base, scaled);
}

/// Copies `length` elements of a row, from column `source` to column `target`.
void copyRun(KernelContext &context, Location loc, Value row, int64_t length, const RowView &from, Value source,
             const RowView &to, Value target) {
  context.forEachVector(loc, length, [&](Value column, int64_t live) {
    Value vector = context.load(loc, from, row, plusTimes(context, loc, source, column, 1), context.features.lanes,
                                live, DeadLanes::unspecified);
    context.store(loc, to, row, plusTimes(context, loc, target, column, 1), vector, live);
  });
}

struct Runs {
  int64_t count, length;
};

/// The runs that an axis divides a row into: as many as there are indices before it.
Runs runsAlong(Value value, int64_t axis) {
  const int64_t count = mlir::ShapedType::getNumElements(sizesOf(value).take_front(static_cast<size_t>(axis)));
  return {count, elementsOf(value) / count};
}

/// Copies runs of contiguous elements, which are `fromPeriod` apart in the source and `toPeriod` in the target.
void copyRuns(Location loc, KernelContext &context, Runs runs, const RowView &from, int64_t fromPeriod,
              const RowView &to, int64_t toPeriod) {
  context.forEachRow(loc, [&](Value row) {
    context.forEach(loc, runs.count, 1, [&](Value run) {
      const auto startOf = [&](int64_t period) { return plusTimes(context, loc, context.index(0, loc), run, period); };
      copyRun(context, loc, row, runs.length, from, startOf(fromPeriod), to, startOf(toPeriod));
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

void emitPermute(PermuteOp op, KernelContext &context, ViewLookup views) {
  Location loc = op.getLoc();
  const RowView from = views(op.getInput());
  RowView to = views(op.getResult());
  to.padded = false;
  const llvm::SmallVector<int64_t> strides = mlir::computeStrides(sizesOf(op.getInput()));
  llvm::ArrayRef<int64_t> sizes = sizesOf(op.getResult()), axes = op.getAxes();
  const size_t last = sizes.size() - 1;
  const llvm::SmallVector<int64_t> targets = mlir::computeStrides(sizes);
  context.forEachRow(loc, [&](Value row) {
    // One loop for each axis of the result. A last axis that stays the last one is copied in vectors.
    const std::function<void(size_t, Value, Value)> along = [&](size_t axis, Value source, Value target) {
      const int64_t stride = strides[static_cast<size_t>(axes[axis])];
      if (axis == last && stride == 1) {
        return copyRun(context, loc, row, sizes[axis], from, source, to, target);
      }
      context.forEach(loc, sizes[axis], 1, [&](Value index) {
        Value at = plusTimes(context, loc, source, index, stride);
        Value place = plusTimes(context, loc, target, index, targets[axis]);
        if (axis < last) return along(axis + 1, at, place);
        Value element = context.loadScalar(loc, from, row, at);
        context.builder.create<mlir::memref::StoreOp>(loc, element, to.memory, context.address(loc, to, row, place));
      });
    };
    along(0, context.index(0, loc), context.index(0, loc));
  });
}

void emitPad(PadOp op, KernelContext &context, ViewLookup views) {
  Location loc = op.getLoc();
  const RowView from = views(op.getInput());
  RowView to = views(op.getResult());
  to.padded = false;
  llvm::ArrayRef<int64_t> sizes = sizesOf(op.getInput()), low = op.getLow(), high = op.getHigh();
  const llvm::SmallVector<int64_t> strides = mlir::computeStrides(sizes);
  const llvm::SmallVector<int64_t> targets = mlir::computeStrides(sizesOf(op.getResult()));
  const Value filling = context.splat(loc, op.getValue().convertToFloat(), context.features.lanes);
  // The elements along the last padded axis are one run.
  size_t last = sizes.size() - 1;
  while (last > 0 && low[last] == 0 && high[last] == 0) --last;
  context.forEachRow(loc, [&](Value row) {
    const auto fill = [&](Value target, int64_t count) {
      context.forEachVector(loc, count, [&](Value column, int64_t live) {
        context.store(loc, to, row, plusTimes(context, loc, target, column, 1), filling, live);
      });
    };
    const std::function<void(size_t, Value, Value)> along = [&](size_t axis, Value source, Value target) {
      Value inside = plusTimes(context, loc, target, context.index(low[axis], loc), targets[axis]);
      fill(target, low[axis] * targets[axis]);
      if (axis == last)
        copyRun(context, loc, row, sizes[axis] * strides[axis], from, source, to, inside);
      else
        context.forEach(loc, sizes[axis], 1, [&](Value index) {
          along(axis + 1, plusTimes(context, loc, source, index, strides[axis]),
                plusTimes(context, loc, inside, index, targets[axis]));
        });
      fill(plusTimes(context, loc, inside, context.index(sizes[axis], loc), targets[axis]), high[axis] * targets[axis]);
    };
    along(0, context.index(0, loc), context.index(0, loc));
  });
}

}  // namespace inlay::compiler
