// SPDX-License-Identifier: Apache-2.0
// Softmax over the last dimension: maximum, exponentials and their sum, division.
#include "Kernel/KernelContext.h"
#include "llvm/Support/MathExtras.h"

namespace inlay::compiler {

namespace arith = mlir::arith;
namespace vector = mlir::vector;
using mlir::Location;
using mlir::Value;

namespace {

/// Lanes in which a reproducible network sums a row, whatever the processor's vector length is.
constexpr int64_t kReproducibleLanes = 16;

/// Folds `elements` into the vector `initial`: `step` combines the running value with each vector of the row.
Value accumulate(Location loc, KernelContext &context, int64_t elements, Value initial,
                 llvm::function_ref<Value(Value running, Value column, int64_t live)> step) {
  mlir::OpBuilder &builder = context.builder;
  const int64_t lanes = llvm::cast<mlir::VectorType>(initial.getType()).getDimSize(0);
  const int64_t whole = elements / lanes * lanes;
  Value running = initial;
  if (whole == lanes) {
    running = step(running, context.index(0, loc), lanes);
  } else if (whole > 0) {
    auto loop = builder.create<mlir::scf::ForOp>(loc, context.index(0, loc), context.index(whole, loc),
                                                 context.index(lanes, loc), mlir::ValueRange(running));
    mlir::OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    Value next = step(loop.getRegionIterArg(0), loop.getInductionVar(), lanes);
    builder.create<mlir::scf::YieldOp>(loc, next);
    running = loop.getResult(0);
  }
  if (whole < elements) running = step(running, context.index(whole, loc), elements - whole);
  return running;
}

class SoftmaxEmitter {
 public:
  SoftmaxEmitter(SoftmaxOp op, KernelContext &context, ViewLookup views)
      : context(context),
        builder(context.builder),
        loc(op.getLoc()),
        source(views(op.getInput())),
        target(views(op.getResult())),
        length(llvm::cast<mlir::RankedTensorType>(op.getType()).getShape().back()),
        groups(elementsOf(op.getResult()) / length),
        lanes(context.reproducible ? kReproducibleLanes : context.features.lanes),
        logarithm(op.getLogarithm()) {
    if (groups > 1) target.padded = false;  // the next group follows directly
  }

  void run() {
    // Neighbouring rows share cache lines, so a row's load would wait for the previous row's store. Several rows are
    // loaded before the first is stored.
    const bool fits = length <= kVectorsInRegisters * lanes;
    const int64_t together = fits ? kVectorsInRegisters / static_cast<int64_t>(llvm::divideCeil(length, lanes)) : 1;
    llvm::SmallVector<int64_t> tiles = {1};
    if (together > 1) tiles.insert(tiles.begin(), together);
    context.forEachRowTile(loc, tiles, [&](Value first, int64_t rows) {
      context.forEach(loc, groups, 1, [&](Value group) {
        Value start = context.times(loc, group, length);
        if (!fits) return emitInMemory(first, start);
        llvm::SmallVector<RowInRegisters> loaded;
        for (int64_t r = 0; r < rows; ++r) {
          Value row = context.plus(loc, first, r);
          loaded.push_back({row, loadRow(row, start)});
        }
        for (RowInRegisters &each : loaded) compute(each.vectors);
        for (const RowInRegisters &each : loaded)
          for (auto [i, vector] : llvm::enumerate(each.vectors))
            store(each.row, start, context.index(static_cast<int64_t>(i) * lanes, loc), vector, live(i));
      });
    });
  }

 private:
  struct RowInRegisters {
    Value row;
    llvm::SmallVector<Value> vectors;
  };

  /// Rows of up to this many vectors stay in registers from the first load to the only store.
  static constexpr int64_t kVectorsInRegisters = 4;
  static constexpr float kLowest = -std::numeric_limits<float>::infinity();

  KernelContext &context;
  mlir::OpBuilder &builder;
  Location loc;
  RowView source, target;
  const int64_t length, groups, lanes;
  const bool logarithm;

  /// The greater of a and b; b if one of them is NaN. A row with a NaN still becomes NaN, because its sum does.
  Value max(Value a, Value b) {
    Value greater = builder.create<arith::CmpFOp>(loc, arith::CmpFPredicate::OGT, a, b);
    return builder.create<arith::SelectOp>(loc, greater, a, b);
  }
  Value add(Value a, Value b) { return builder.create<arith::AddFOp>(loc, a, b); }
  Value largest(Value all) {
    return context.acrossLanes(loc, all, [&](Value a, Value b) { return max(a, b); });
  }
  Value total(Value all) {
    return context.acrossLanes(loc, all, [&](Value a, Value b) { return add(a, b); });
  }

  /// Dead lanes repeat a live one, which does not change the maximum.
  Value load(Value row, Value start, Value column, int64_t live) {
    Value position = context.plus(loc, start, column);
    return context.load(loc, source, row, position, lanes, live);
  }
  Value forSum(Value e, int64_t live) { return context.fillDead(loc, e, live, 0.0f); }
  void store(Value row, Value start, Value column, Value vector, int64_t live) {
    context.store(loc, target, row, context.plus(loc, start, column), vector, live);
  }
  Value shifted(Value x, Value maximum) { return builder.create<arith::SubFOp>(loc, x, maximum); }
  Value exponential(Value x) { return emitExp(x, builder, loc, features()); }
  /// The target's features, for vectors of this emitter's length.
  VectorFeatures features() {
    VectorFeatures features = context.features;
    features.lanes = lanes;
    return features;
  }
  /// The result for an element. The logarithm uses only `shift`, softmax only `exponential`.
  Value finish(Value shift, Value exponential, Value sum) {
    if (logarithm) return builder.create<arith::SubFOp>(loc, shift, sum);
    return builder.create<arith::DivFOp>(loc, exponential, sum);
  }
  Value denominator(Value sums) {
    Value sum = total(sums);
    return logarithm ? emitLog(sum, builder, loc, features()) : sum;
  }

  /// Lanes of vector `i` of a row that belong to it.
  int64_t live(size_t i) const { return std::min(lanes, length - static_cast<int64_t>(i) * lanes); }

  llvm::SmallVector<Value> loadRow(Value row, Value start) {
    llvm::SmallVector<Value> vectors;
    for (int64_t column = 0; column < length; column += lanes)
      vectors.push_back(load(row, start, context.index(column, loc), live(vectors.size())));
    return vectors;
  }

  /// Turns a row into its softmax.
  void compute(llvm::MutableArrayRef<Value> row) {
    Value maximum;
    for (Value x : row) maximum = maximum ? max(maximum, x) : x;
    maximum = largest(maximum);
    Value sums;
    llvm::SmallVector<Value> exponentials;
    for (auto [i, x] : llvm::enumerate(row)) {
      x = shifted(x, maximum);
      exponentials.push_back(exponential(x));
      Value term = forSum(exponentials.back(), live(i));
      sums = sums ? add(sums, term) : term;
    }
    Value sum = denominator(sums);
    for (auto [x, e] : llvm::zip_equal(row, exponentials)) x = finish(x, e, sum);
  }

  void emitInMemory(Value row, Value start) {
    Value highest = accumulate(
        loc, context, length, context.splat(loc, kLowest, lanes),
        [&](Value running, Value column, int64_t live) { return max(running, load(row, start, column, live)); });
    Value maximum = largest(highest);
    Value sums = accumulate(loc, context, length, context.splat(loc, 0.0f, lanes),
                            [&](Value running, Value column, int64_t live) {
                              Value e = exponential(shifted(load(row, start, column, live), maximum));
                              if (!logarithm) store(row, start, column, e, live);
                              return add(running, forSum(e, live));
                            });
    // All lanes of the maximum are equal, and so are all lanes of the sum.
    const int64_t lanesOfTarget = context.features.lanes;
    const auto shortened = [&](Value all) -> Value {
      return lanesOfTarget == lanes ? all
                                    : builder.create<vector::ExtractStridedSliceOp>(loc, all, 0, lanesOfTarget, 1);
    };
    Value sum = shortened(denominator(sums));
    maximum = shortened(maximum);
    context.forEachVector(loc, length, [&](Value column, int64_t live) {
      Value position = context.plus(loc, start, column);
      Value element = context.load(loc, logarithm ? source : target, row, position, lanesOfTarget, live);
      store(row, start, column, logarithm ? finish(shifted(element, maximum), {}, sum) : finish({}, element, sum),
            live);
    });
  }
};

}  // namespace

void emitSoftmax(SoftmaxOp op, KernelContext &context, ViewLookup views) { SoftmaxEmitter(op, context, views).run(); }

}  // namespace inlay::compiler
