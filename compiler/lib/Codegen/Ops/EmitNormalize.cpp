// SPDX-License-Identifier: Apache-2.0
// Normalisations: the mean of each run, then its variance, then every element and the epilogue. The variance is the
// mean of the squared differences; the difference of the mean square and the squared mean would lose its bits.
#include "Ops/ReductionNest.h"

namespace inlay::compiler {

namespace arith = mlir::arith;
namespace vector = mlir::vector;
using mlir::Location;
using mlir::Value;
using State = ReductionNest::State;

namespace {

class NormalizeEmitter {
 public:
  NormalizeEmitter(NormalizeOp op, KernelContext &context, ViewLookup views)
      : op(op),
        context(context),
        builder(context.builder),
        loc(op.getLoc()),
        source(views(op.getInput())),
        target(views(op.getResult())),
        nest(loc, context, axesOf(op, views), kExtras + op.getExtras().size()) {
    for (Value extra : op.getExtras()) extras.push_back(views(extra));
    if (!nest.isOneLine()) target.padded = false;  // behind a vector lie other elements
  }

  void run() {
    context.forEachRow(loc, [&](Value row) {
      nest.forEachRuns([&](const ReductionNest::Runs &runs) {
        llvm::SmallVector<Value> means, scales;
        if (op.getCentred()) means = meansOf(runs, row, {}, /*squares=*/false);
        for (Value variance : meansOf(runs, row, means, /*squares=*/true)) scales.push_back(scaleOf(variance));
        apply(runs, row, means, scales);
      });
    });
  }

 private:
  /// The operands of the nest: the input, the result, and the extras from this number on.
  static constexpr size_t kExtras = 2;

  NormalizeOp op;
  KernelContext &context;
  mlir::OpBuilder &builder;
  Location loc;
  RowView source, target;
  llvm::SmallVector<RowView> extras;
  ReductionNest nest;

  /// The axes in the order of the value's memory, the groups as an axis of their own, with the strides of all operands.
  static llvm::SmallVector<NestAxis> axesOf(NormalizeOp op, ViewLookup views) {
    llvm::SmallVector<Value> operands = {op.getInput(), op.getResult()};
    llvm::append_range(operands, op.getExtras());
    llvm::ArrayRef<int64_t> sizes = sizesOf(op.getResult());
    const size_t rank = sizes.size(), grouped = op.getGroupedAxis();
    llvm::SmallVector<NestAxis> axes;  // from the last one on
    llvm::SmallVector<int64_t> inner(operands.size(), 1);
    llvm::SmallVector<bool> repeats(operands.size());
    const auto add = [&](int64_t size, bool reduced) {
      NestAxis axis{size, reduced, {}};
      for (auto [stride, repeated] : llvm::zip_equal(inner, repeats)) {
        axis.strides.push_back(repeated ? 0 : stride);
        if (!repeated) stride *= size;
      }
      axes.push_back(std::move(axis));
    };
    for (size_t axis = rank; axis-- > 0;) {
      for (auto [operand, stride, repeated] : llvm::zip_equal(operands, inner, repeats)) {
        llvm::ArrayRef<int64_t> own = sizesOf(operand);
        // A value of one element may have any rank.
        const size_t back = rank - axis;
        repeated = back > own.size() || (own[own.size() - back] == 1 && sizes[axis] != 1);
        const int64_t line = views(operand).line;
        if (axis == 0 && own.size() == rank && line != 0) stride = line;
      }
      const auto groups = static_cast<int64_t>(axis == grouped ? op.getGroups() : 1);
      add(sizes[axis] / groups, op.isReduced(static_cast<unsigned>(axis)));
      add(groups, false);
    }
    std::reverse(axes.begin(), axes.end());
    return axes;
  }

  Value add(Value a, Value b) { return builder.create<arith::AddFOp>(loc, a, b); }
  Value multiply(Value a, Value b) { return builder.create<arith::MulFOp>(loc, a, b); }
  Value subtract(Value a, Value b) { return builder.create<arith::SubFOp>(loc, a, b); }

  /// The mean of the elements of each run, or of the squares of their differences from `centres`, if there are some.
  llvm::SmallVector<Value> meansOf(const ReductionNest::Runs &runs, Value row, llvm::ArrayRef<Value> centres,
                                   bool squares) {
    const int64_t lanes = nest.getLanes();
    const auto step = [&](State &sum, const ReductionNest::Element &element) {
      Value x = context.load(loc, source, row, element.place, lanes, element.live);
      if (!centres.empty()) x = subtract(x, centres[element.vector]);
      // Dead lanes repeat a live one. Of one run they count as 0.
      if (!nest.isAcross()) x = context.fillDead(loc, x, element.live, 0);
      if (!squares)
        sum[0] = add(sum[0], x);
      else if (context.features.fma)
        sum[0] = builder.create<vector::FMAOp>(loc, x, x, sum[0]);
      else
        sum[0] = add(sum[0], multiply(x, x));
    };
    const auto combine = [&](State &into, const State &from) { into[0] = add(into[0], from[0]); };
    llvm::SmallVector<Value> means;
    const Value count = context.splat(loc, static_cast<float>(nest.getLength()), lanes);
    for (const State &sum : nest.reduce(runs, {context.splat(loc, 0, lanes)}, step, combine))
      means.push_back(builder.create<arith::DivFOp>(loc, sum[0], count));
    return means;
  }

  /// 1 / sqrt(variance + eps).
  Value scaleOf(Value variance) {
    const int64_t lanes = nest.getLanes();
    VectorFeatures features = context.features;
    features.lanes = lanes;
    VectorBuilder arithmetic(builder, loc, features);
    Value sum = add(variance, context.splat(loc, op.getEpsilon(), lanes));
    return arithmetic.div(arithmetic.constant(1), arithmetic.sqrt({{sum}})).vectors.front();
  }

  /// The first `lanes` lanes.
  Value shortened(Value all, int64_t lanes) {
    if (llvm::cast<mlir::VectorType>(all.getType()).getDimSize(0) <= lanes) return all;
    return builder.create<vector::ExtractStridedSliceOp>(loc, all, 0, lanes, 1);
  }

  /// Normalises all elements and runs the epilogue, several vectors side by side.
  void apply(const ReductionNest::Runs &runs, Value row, llvm::ArrayRef<Value> means, llvm::ArrayRef<Value> scales) {
    // A reproducible sum has more lanes than a register; what follows is one element at a time.
    const int64_t lanes = nest.isAcross() ? nest.getLanes() : std::min(nest.getLanes(), context.features.lanes);
    const int64_t ways = context.features.avx512 ? 4 : 2;
    const auto of = [&](llvm::ArrayRef<Value> each, int64_t vector) {
      return shortened(each[nest.isAcross() ? static_cast<size_t>(vector) : 0], lanes);
    };
    nest.forEachElements(runs, ways, lanes, [&](llvm::ArrayRef<Value> places, int64_t live) {
      const int64_t vectors = static_cast<int64_t>(llvm::divideCeil(live, lanes));
      for (int64_t first = 0; first < vectors; first += ways) {
        const int64_t end = std::min(vectors, first + ways);
        const auto liveOf = [&](int64_t vector) { return std::min(lanes, live - vector * lanes); };
        llvm::SmallVector<VectorBuilder::Vectors> arguments(1 + extras.size());
        for (int64_t i = first; i < end; ++i) {
          const auto load = [&](const RowView &view, size_t number) -> Value {
            if (!nest.variesByLane(number)) return context.loadEverywhere(loc, view, row, places[number], lanes);
            return context.load(loc, view, row, context.plus(loc, places[number], i * lanes), lanes, liveOf(i));
          };
          Value x = load(source, 0);
          if (!means.empty()) x = subtract(x, of(means, i));
          arguments[0].push_back(multiply(x, of(scales, i)));
          for (auto [number, extra] : llvm::enumerate(extras))
            arguments[1 + number].push_back(load(extra, kExtras + number));
        }
        VectorBuilder::Vectors results = arguments[0];
        if (!op.getEpilogue().empty())
          results = context.inlineProgram(op.getEpilogue(), arguments, lanes, elementsOf(op.getResult()));
        for (auto [i, result] : llvm::enumerate(results)) {
          const int64_t vector = first + static_cast<int64_t>(i);
          context.store(loc, target, row, context.plus(loc, places[1], vector * lanes), result, liveOf(vector));
        }
      }
    });
  }
};

}  // namespace

void emitNormalize(NormalizeOp op, KernelContext &context, ViewLookup views) {
  NormalizeEmitter(op, context, views).run();
}

}  // namespace inlay::compiler
