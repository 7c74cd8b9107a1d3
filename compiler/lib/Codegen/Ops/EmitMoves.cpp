// SPDX-License-Identifier: Apache-2.0
// Kernels that copy elements: the pieces of a concat that are not at their place, slices, permutations, padding and
// embeddings.
#include "Kernel/KernelContext.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

namespace inlay::compiler {

namespace arith = mlir::arith;
using mlir::Location;
using mlir::Value;

namespace {

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
      const auto startOf = [&](int64_t period) { return context.plusTimes(loc, context.index(0, loc), run, period); };
      context.copyRun(loc, row, runs.length, from, startOf(fromPeriod), to, startOf(toPeriod));
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
  copyRuns(op.getLoc(), context, runs, from, source.length, to, to.line != 0 ? to.line : runs.length);
}

namespace {

/// An axis of a permutation's result, with the distance between its elements in the operand and in the result.
struct MovedAxis {
  int64_t size, source, target;
};

/// The axes of the result, in its order. Axes that lie side by side in both values are one.
llvm::SmallVector<MovedAxis> movedAxes(PermuteOp op, int64_t line) {
  const llvm::SmallVector<int64_t> sources = mlir::computeStrides(sizesOf(op.getInput()));
  llvm::ArrayRef<int64_t> sizes = sizesOf(op.getResult());
  llvm::SmallVector<int64_t> targets = mlir::computeStrides(sizes);
  if (line != 0) targets[0] = line;
  llvm::SmallVector<MovedAxis> axes;
  for (auto [size, axis, target] : llvm::zip_equal(sizes, op.getAxes(), targets)) {
    if (size == 1) continue;
    const int64_t source = sources[static_cast<size_t>(axis)];
    if (!axes.empty() && axes.back().source == size * source && axes.back().target == size * target)
      axes.back() = {axes.back().size * size, source, target};
    else
      axes.push_back({size, source, target});
  }
  return axes;
}

/// Moves the elements of a row from one place to another: one loop for each axis, and blocks of lanes x lanes elements
/// where both values have an axis of elements side by side.
class Permutation {
 public:
  Permutation(Location loc, KernelContext &context, const RowView &from, const RowView &to, Value row,
              llvm::SmallVector<MovedAxis> axes)
      : loc(loc), context(context), from(from), to(to), row(row), axes(std::move(axes)) {}

  void run() {
    const int64_t lanes = context.features.lanes;
    Value zero = context.index(0, loc);
    const auto *inner = llvm::find_if(axes, [](const MovedAxis &axis) { return axis.source == 1; });
    if (axes.size() < 2 || inner == axes.end() || inner == &axes.back() || inner->size < lanes ||
        axes.back().size < lanes || axes.back().target != 1)
      return along(axes, zero, zero);
    const MovedAxis column = *inner, last = axes.pop_back_val();
    axes.erase(axes.begin() + (inner - axes.begin()));
    const auto whole = [&](const MovedAxis &axis) { return axis.size / lanes * lanes; };
    const auto rest = [&](const MovedAxis &axis) {
      return MovedAxis{axis.size - whole(axis), axis.source, axis.target};
    };
    outer(axes, zero, zero, [&](Value source, Value target) {
      context.forEach(loc, whole(column), lanes, [&](Value i) {
        context.forEach(loc, whole(last), lanes, [&](Value j) {
          block(column, last, context.plusTimes(loc, context.plus(loc, source, i), j, last.source),
                context.plusTimes(loc, context.plusTimes(loc, target, i, column.target), j, 1));
        });
      });
      const MovedAxis blocks = {whole(column), column.source, column.target};
      if (rest(last).size > 0)
        along({blocks, rest(last)}, context.plusTimes(loc, source, context.index(whole(last), loc), last.source),
              context.plusTimes(loc, target, context.index(whole(last), loc), 1));
      if (rest(column).size > 0)
        along({rest(column), last}, context.plusTimes(loc, source, context.index(whole(column), loc), 1),
              context.plusTimes(loc, target, context.index(whole(column), loc), column.target));
    });
  }

 private:
  Location loc;
  KernelContext &context;
  const RowView &from, &to;
  Value row;
  llvm::SmallVector<MovedAxis> axes;

  /// Runs `body(source, target)` for all indices of `loops`.
  void outer(llvm::ArrayRef<MovedAxis> loops, Value source, Value target, llvm::function_ref<void(Value, Value)> body) {
    if (loops.empty()) return body(source, target);
    context.forEach(loc, loops.front().size, 1, [&](Value index) {
      outer(loops.drop_front(), context.plusTimes(loc, source, index, loops.front().source),
            context.plusTimes(loc, target, index, loops.front().target), body);
    });
  }

  /// One element after the other, or a run of them where both values have it.
  void along(llvm::ArrayRef<MovedAxis> all, Value source, Value target) {
    if (!all.empty() && all.back().source == 1 && all.back().target == 1) {
      return outer(all.drop_back(), source, target, [&](Value first, Value place) {
        context.copyRun(loc, row, all.back().size, from, first, to, place);
      });
    }
    outer(all, source, target, [&](Value first, Value place) {
      Value element = context.loadScalar(loc, from, row, first);
      context.builder.create<mlir::memref::StoreOp>(loc, element, to.memory, context.address(loc, to, row, place));
    });
  }

  /// Transposes lanes x lanes elements in registers: in each step, rows whose numbers differ in one bit exchange the
  /// lanes that differ in it.
  void block(const MovedAxis &column, const MovedAxis &last, Value source, Value target) {
    const int64_t lanes = context.features.lanes;
    llvm::SmallVector<Value> rows;
    for (int64_t j = 0; j < lanes; ++j)
      rows.push_back(context.load(loc, from, row, context.plusTimes(loc, source, context.index(j, loc), last.source),
                                  lanes, lanes, DeadLanes::unspecified));
    for (int64_t bit = 1; bit < lanes; bit *= 2) {
      llvm::SmallVector<int64_t> low, high;
      for (int64_t lane = 0; lane < lanes; ++lane) {
        low.push_back((lane & bit) != 0 ? lanes + lane - bit : lane);
        high.push_back((lane & bit) != 0 ? lanes + lane : lane + bit);
      }
      for (int64_t i = 0; i < lanes; ++i) {
        if ((i & bit) != 0) continue;
        Value &a = rows[static_cast<size_t>(i)], &b = rows[static_cast<size_t>(i + bit)];
        Value first = context.builder.create<mlir::vector::ShuffleOp>(loc, a, b, low);
        b = context.builder.create<mlir::vector::ShuffleOp>(loc, a, b, high);
        a = first;
      }
    }
    for (int64_t i = 0; i < lanes; ++i)
      context.store(loc, to, row, context.plusTimes(loc, target, context.index(i, loc), column.target),
                    rows[static_cast<size_t>(i)], lanes);
  }
};

}  // namespace

void emitPermute(PermuteOp op, KernelContext &context, ViewLookup views) {
  Location loc = op.getLoc();
  const RowView from = views(op.getInput());
  RowView to = views(op.getResult());
  to.padded = false;
  context.forEachRow(loc, [&](Value row) { Permutation(loc, context, from, to, row, movedAxes(op, to.line)).run(); });
}

void emitEmbedding(EmbeddingOp op, KernelContext &context, ViewLookup views) {
  Location loc = op.getLoc();
  mlir::OpBuilder &builder = context.builder;
  const RowView indices = views(op.getIndices()), weight = views(op.getWeight());
  RowView to = views(op.getResult());
  if (indices.elements > 1) to.padded = false;  // behind a vector lies the next one
  const int64_t rows = sizesOf(op.getWeight())[0], width = sizesOf(op.getWeight())[1];
  const float none = std::numeric_limits<float>::quiet_NaN();
  context.forEachRow(loc, [&](Value row) {
    context.forEach(loc, indices.elements, 1, [&](Value place) {
      // An index below 0 is a large one without its sign.
      Value index = context.loadScalar(loc, indices, row, place);
      Value exists = builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::ult, index,
                                                   builder.create<arith::ConstantIntOp>(loc, rows, 32));
      Value safe =
          builder.create<arith::SelectOp>(loc, exists, index, builder.create<arith::ConstantIntOp>(loc, 0, 32));
      Value source = context.times(loc, builder.create<arith::IndexCastUIOp>(loc, builder.getIndexType(), safe), width);
      Value target = context.times(loc, place, width);
      context.forEachVector(loc, width, [&](Value column, int64_t live) {
        const auto lanes = std::min(context.features.lanes, int64_t(llvm::PowerOf2Ceil(uint64_t(live))));
        Value elements =
            context.load(loc, weight, row, context.plus(loc, source, column), lanes, live, DeadLanes::unspecified);
        elements = builder.create<arith::SelectOp>(loc, exists, elements, context.splat(loc, none, lanes));
        context.store(loc, to, row, context.plus(loc, target, column), elements, live);
      });
    });
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
  // If the operand is at its place in the result, only what is around it is written.
  const bool isInside = from.line != 0;
  context.forEachRow(loc, [&](Value row) {
    const auto fill = [&](Value target, int64_t count) {
      context.forEachVector(loc, count, [&](Value column, int64_t live) {
        context.store(loc, to, row, context.plus(loc, target, column), filling, live);
      });
    };
    const std::function<void(size_t, Value, Value)> along = [&](size_t axis, Value source, Value target) {
      Value inside = context.plusTimes(loc, target, context.index(low[axis], loc), targets[axis]);
      fill(target, low[axis] * targets[axis]);
      if (axis == last && !isInside)
        context.copyRun(loc, row, sizes[axis] * strides[axis], from, source, to, inside);
      else if (axis != last)
        context.forEach(loc, sizes[axis], 1, [&](Value index) {
          along(axis + 1, context.plusTimes(loc, source, index, strides[axis]),
                context.plusTimes(loc, inside, index, targets[axis]));
        });
      fill(context.plusTimes(loc, inside, context.index(sizes[axis], loc), targets[axis]), high[axis] * targets[axis]);
    };
    along(0, context.index(0, loc), context.index(0, loc));
  });
}

}  // namespace inlay::compiler
