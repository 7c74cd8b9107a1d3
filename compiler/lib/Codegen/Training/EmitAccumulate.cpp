// SPDX-License-Identifier: Apache-2.0
// Sums over the samples of a batch: the gradients of weights, which are products of matrices, and those of biases.
#include "Kernel/KernelContext.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace inlay::compiler {

using mlir::Location;
using mlir::Value;

namespace {

/// Vectors of a tile along the columns. Each broadcast element then serves two multiply-adds.
constexpr int64_t kVectorsOfTile = 2;

/// Vectors of a plain sum that are added side by side.
constexpr int64_t kVectorsOfSum = 8;

/// Adds left[row][n] * right[row][k] to sum[n][k], for all rows of the kernel. A tile of n x k stays in registers while
/// the rows go by, so every sum is read and written once.
class ProductEmitter {
 public:
  ProductEmitter(AccumulateOp op, KernelContext &context, ViewLookup views)
      : context(context),
        loc(op.getLoc()),
        left(views(op.getLeft())),
        right(views(op.getRight())),
        sum(views(op.getSum())),
        lanes(context.features.lanes),
        features(left.elements),
        depth(right.elements) {
    sum.stride = depth, sum.elements = depth;
  }

  void run() {
    const int64_t width = kVectorsOfTile * lanes, whole = depth / width * width;
    context.forEach(loc, whole, width, [&](Value column) { emitColumns(column, width); });
    if (whole < depth) emitColumns(context.index(whole, loc), depth - whole);
  }

 private:
  KernelContext &context;
  const Location loc;
  RowView left, right, sum;
  const int64_t lanes, features, depth;

  /// Rows of a tile, so that its sums, two vectors of `right` and one of `left` fit into the registers.
  int64_t rowsOfTile() const {
    const int64_t registers = context.features.avx512 ? 32 : 16;
    return (registers - 1 - kVectorsOfTile) / kVectorsOfTile;
  }

  /// `live` columns from `column` on.
  void emitColumns(Value column, int64_t live) {
    const int64_t tile = rowsOfTile(), whole = features / tile * tile;
    context.forEach(loc, whole, tile, [&](Value feature) { emitTile(feature, tile, column, live); });
    if (whole < features) emitTile(context.index(whole, loc), features - whole, column, live);
  }

  void emitTile(Value feature, int64_t count, Value column, int64_t live) {
    llvm::SmallVector<std::pair<Value, int64_t>> vectors;  // the first column and the live lanes of each
    for (int64_t offset = 0; offset < live; offset += lanes)
      vectors.emplace_back(context.plus(loc, column, offset), std::min(lanes, live - offset));
    llvm::SmallVector<Value> sums;
    for (int64_t i = 0; i < count; ++i)
      for (auto [at, width] : vectors)
        sums.push_back(context.load(loc, sum, context.plus(loc, feature, i), at, lanes, width, DeadLanes::unspecified));
    const auto add = [&](Value row) {
      llvm::SmallVector<Value> elements;
      for (auto [at, width] : vectors)
        elements.push_back(context.load(loc, right, row, at, lanes, width, DeadLanes::unspecified));
      for (int64_t i = 0; i < count; ++i) {
        Value factor = context.broadcast(loc, context.loadScalar(loc, left, row, context.plus(loc, feature, i)), lanes);
        for (size_t v = 0; v < vectors.size(); ++v) {
          Value &each = sums[static_cast<size_t>(i) * vectors.size() + v];
          each = context.builder.create<mlir::vector::FMAOp>(loc, factor, elements[v], each);
        }
      }
    };
    Value first = context.index(0, loc);
    if (context.capacity == 1)
      add(first);
    else
      context.forEach(loc, first, context.rows, 1, sums, add);
    for (int64_t i = 0; i < count; ++i)
      for (size_t v = 0; v < vectors.size(); ++v)
        context.store(loc, sum, context.plus(loc, feature, i), vectors[v].first,
                      sums[static_cast<size_t>(i) * vectors.size() + v], vectors[v].second);
  }
};

/// Adds left[row][n] to sum[n], for all rows of the kernel.
void emitSum(AccumulateOp op, KernelContext &context, ViewLookup views) {
  Location loc = op.getLoc();
  RowView left = views(op.getLeft()), sum = views(op.getSum());
  const int64_t lanes = context.features.lanes, elements = sum.elements;
  sum.stride = 0;
  Value first = context.index(0, loc);
  context.forEachVectors(loc, elements, kVectorsOfSum, [&](Value column, int64_t live) {
    const auto load = [&](const RowView &view, Value row, int64_t offset) {
      return context.load(loc, view, row, context.plus(loc, column, offset), lanes, std::min(lanes, live - offset),
                          DeadLanes::unspecified);
    };
    llvm::SmallVector<Value> sums;
    for (int64_t offset = 0; offset < live; offset += lanes) sums.push_back(load(sum, first, offset));
    const auto add = [&](Value row) {
      for (auto [v, each] : llvm::enumerate(sums))
        each = context.builder.create<mlir::arith::AddFOp>(loc, each, load(left, row, static_cast<int64_t>(v) * lanes));
    };
    if (context.capacity == 1)
      add(first);
    else
      context.forEach(loc, first, context.rows, 1, sums, add);
    for (auto [v, each] : llvm::enumerate(sums)) {
      const int64_t offset = static_cast<int64_t>(v) * lanes;
      context.store(loc, sum, first, context.plus(loc, column, offset), each, std::min(lanes, live - offset));
    }
  });
}

}  // namespace

void emitAccumulate(AccumulateOp op, KernelContext &context, ViewLookup views) {
  if (op.getRight())
    ProductEmitter(op, context, views).run();
  else
    emitSum(op, context, views);
}

}  // namespace inlay::compiler
