// SPDX-License-Identifier: Apache-2.0
// Sums over the samples of a batch: the gradients of weights, which are products of matrices, and those of biases.
#include "Inlay/Network/Stages.h"
#include "Kernel/KernelContext.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace inlay::compiler {

using mlir::Location;
using mlir::Value;

namespace {

/// Rows of a tile, so that its sums, two vectors and one broadcast element fit into the registers.
int64_t rowsOfTile(const KernelContext &context) {
  const int64_t registers = context.features.avx512 ? 32 : 16;
  return (registers - 1 - kVectorsOfProduct) / kVectorsOfProduct;
}

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
    context.forEachPanel(loc, depth, kVectorsOfProduct * lanes,
                         [&](Value column, int64_t live) { emitColumns(column, live); });
  }

 private:
  KernelContext &context;
  const Location loc;
  RowView left, right, sum;
  const int64_t lanes, features, depth;

  /// `live` columns from `column` on.
  void emitColumns(Value column, int64_t live) {
    const int64_t tile = rowsOfTile(context), whole = features / tile * tile;
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

/// The same for the weight [N][C][taps] of a convolution: `left` is an image [OH, OW, N], `right` the padded image
/// [H, W, C] under the windows. The features are in the lanes. A tile has some elements of a window that lie side by
/// side in a line of pixels. Where each channel is a group of its own, its lane has the feature and the channel, and
/// the elements of a line are its taps.
class WindowProductEmitter {
 public:
  WindowProductEmitter(AccumulateOp op, KernelContext &context, ViewLookup views)
      : context(context),
        builder(context.builder),
        loc(op.getLoc()),
        left(views(op.getLeft())),
        right(views(op.getRight())),
        sum(views(op.getSum())),
        window(*op.getWindow()),
        lanes(context.features.lanes),
        depthwise(op.isDepthwise()) {
    llvm::ArrayRef<int64_t> out = sizesOf(op.getLeft()), in = sizesOf(op.getRight());
    height = out[0], width = out[1], features = out[2], pixelOfRight = in[2], lineOfRight = in[1] * in[2];
    channels = depthwise ? 1 : in[2], taps = window.getTaps();
  }

  void run() {
    // Without dilation the pixels of a window's line are one run.
    const bool joined = depthwise || window.getDilationW() == 1;
    const int64_t runs = joined ? 1 : window.getKernelW(), length = joined ? window.getKernelW() * channels : channels;
    const int64_t tile = rowsOfTile(context), whole = length / tile * tile;
    context.forEachPanel(loc, window.getKernelH(), 1, [&](Value line, int64_t) {
      context.forEach(loc, runs, 1, [&](Value run) {
        context.forEach(loc, whole, tile, [&](Value first) { emitColumns(line, run, first, tile); });
        if (whole < length) emitColumns(line, run, context.index(whole, loc), length - whole);
      });
    });
  }

 private:
  KernelContext &context;
  mlir::OpBuilder &builder;
  const Location loc;
  RowView left, right, sum;
  const WindowAttr window;
  const int64_t lanes;
  const bool depthwise;
  int64_t height, width, features, pixelOfRight, lineOfRight;
  int64_t channels, taps;  // of the weight

  void emitColumns(Value line, Value run, Value first, int64_t count) {
    const int64_t panel = kVectorsOfProduct * lanes, whole = features / panel * panel;
    context.forEach(loc, whole, panel, [&](Value feature) { emitTile(line, run, first, count, feature, panel); });
    if (whole < features) emitTile(line, run, first, count, context.index(whole, loc), features - whole);
  }

  /// `count` elements from `first` on of a run, for `live` features from `feature` on.
  void emitTile(Value line, Value run, Value first, int64_t count, Value feature, int64_t live) {
    const int64_t vectors = (live + lanes - 1) / lanes;
    llvm::SmallVector<Value> sums(static_cast<size_t>(count * vectors), context.splat(loc, 0, lanes));
    Value start = context.times(loc, line, window.getDilationH() * lineOfRight);
    const int64_t step = depthwise ? window.getDilationW() * pixelOfRight : 1;  // between the elements of a tile
    start =
        context.plusTimes(loc, context.plusTimes(loc, start, run, window.getDilationW() * pixelOfRight), first, step);
    if (depthwise) start = context.plus(loc, start, feature);
    const auto ofPixel = [&](Value row, Value i, Value j) {
      Value here = context.plus(loc, context.times(loc, i, width), j);
      Value from = context.plusTimes(loc, feature, here, features);
      Value under = context.plusTimes(loc, start, i, window.getStrideH() * lineOfRight);
      under = context.plusTimes(loc, under, j, window.getStrideW() * pixelOfRight);
      llvm::SmallVector<Value> gradients;
      const auto load = [&](const RowView &view, Value at, int64_t v) {
        return context.load(loc, view, row, context.plus(loc, at, v * lanes), lanes, std::min(lanes, live - v * lanes),
                            DeadLanes::unspecified);
      };
      for (int64_t v = 0; v < vectors; ++v) gradients.push_back(load(left, from, v));
      for (int64_t u = 0; u < count; ++u) {
        Value at = context.plus(loc, under, u * step), element;
        if (!depthwise) element = context.broadcast(loc, context.loadScalar(loc, right, row, at), lanes);
        for (int64_t v = 0; v < vectors; ++v) {
          if (depthwise) element = load(right, at, v);
          Value &each = sums[static_cast<size_t>(u * vectors + v)];
          each = builder.create<mlir::vector::FMAOp>(loc, element, gradients[static_cast<size_t>(v)], each);
        }
      }
    };
    const auto ofSample = [&](Value row) {
      context.forEach(loc, height, 1, sums,
                      [&](Value i) { context.forEach(loc, width, 1, sums, [&](Value j) { ofPixel(row, i, j); }); });
    };
    if (context.capacity == 1)
      ofSample(context.index(0, loc));
    else
      context.forEach(loc, context.index(0, loc), context.rows, 1, sums, ofSample);
    for (int64_t u = 0; u < count; ++u)
      for (int64_t v = 0; v < vectors; ++v)
        addTo(line, run, context.plus(loc, first, u), context.plus(loc, feature, v * lanes),
              sums[static_cast<size_t>(u * vectors + v)], std::min(lanes, live - v * lanes));
  }

  /// Adds a vector of features to the weight, whose features lie apart.
  void addTo(Value line, Value run, Value element, Value feature, Value vector, int64_t live) {
    // Element `element` of the run is a channel of a pixel.
    Value ofRun = context.index(channels, loc);
    Value channel = builder.createOrFold<mlir::arith::RemUIOp>(loc, element, ofRun);
    Value pixel = builder.createOrFold<mlir::arith::DivUIOp>(loc, element, ofRun);
    Value tap = context.plus(loc, context.plus(loc, context.times(loc, line, window.getKernelW()), run), pixel);
    Value place = context.plusTimes(loc, tap, channel, taps);
    place = context.plus(loc, context.plusTimes(loc, place, feature, channels * taps), sum.base);
    llvm::SmallVector<int32_t> offsets;
    llvm::SmallVector<bool> exist;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      offsets.push_back(static_cast<int32_t>(lane < live ? lane * channels * taps : 0));
      exist.push_back(lane < live);
    }
    auto indexType = mlir::VectorType::get({lanes}, builder.getI32Type());
    auto maskType = mlir::VectorType::get({lanes}, builder.getI1Type());
    Value indices = builder.create<mlir::arith::ConstantOp>(
        loc, mlir::DenseElementsAttr::get(indexType, llvm::ArrayRef<int32_t>(offsets)));
    Value mask = builder.create<mlir::arith::ConstantOp>(
        loc, mlir::DenseElementsAttr::get(maskType, llvm::ArrayRef<bool>(exist)));
    Value before = builder.create<mlir::vector::GatherOp>(loc, context.vectorType(lanes), sum.memory, place, indices,
                                                          mask, context.splat(loc, 0, lanes));
    Value after = builder.create<mlir::arith::AddFOp>(loc, before, vector);
    builder.create<mlir::vector::ScatterOp>(loc, sum.memory, place, indices, mask, after);
  }
};

/// Adds left[row][n] to sum[n], for all rows of the kernel. The rows are added up first: their sum may be much smaller
/// than what it is added to.
void emitSum(AccumulateOp op, KernelContext &context, ViewLookup views) {
  Location loc = op.getLoc();
  RowView left = views(op.getLeft()), sum = views(op.getSum());
  const int64_t lanes = context.features.lanes, elements = sum.elements;
  sum.stride = 0;
  Value first = context.index(0, loc);
  context.forEachPanel(loc, elements, kVectorsOfSum * lanes, [&](Value column, int64_t live) {
    const auto load = [&](const RowView &view, Value row, int64_t offset) {
      return context.load(loc, view, row, context.plus(loc, column, offset), lanes, std::min(lanes, live - offset),
                          DeadLanes::unspecified);
    };
    llvm::SmallVector<Value> sums;
    for (int64_t offset = 0; offset < live; offset += lanes) sums.push_back(context.splat(loc, 0, lanes));
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
      Value all = context.builder.create<mlir::arith::AddFOp>(loc, load(sum, first, offset), each);
      context.store(loc, sum, first, context.plus(loc, column, offset), all, std::min(lanes, live - offset));
    }
  });
}

/// Adds each row of `left` to the row of the sum that its index names.
void emitRows(AccumulateOp op, KernelContext &context, ViewLookup views) {
  Location loc = op.getLoc();
  mlir::OpBuilder &builder = context.builder;
  const RowView left = views(op.getLeft()), indices = views(op.getRight());
  RowView sum = views(op.getSum());
  sum.stride = 0;
  const int64_t rows = sizesOf(op.getSum())[0], width = sizesOf(op.getSum())[1], lanes = context.features.lanes;
  Value none = context.index(0, loc);
  context.forEachRow(loc, [&](Value row) {
    context.forEach(loc, indices.elements, 1, [&](Value place) {
      // An index below 0 is a large one without its sign.
      Value index = context.loadScalar(loc, indices, row, place);
      Value exists = builder.create<mlir::arith::CmpIOp>(loc, mlir::arith::CmpIPredicate::ult, index,
                                                         builder.create<mlir::arith::ConstantIntOp>(loc, rows, 32));
      const auto add = [&]() -> llvm::SmallVector<Value> {
        Value start = builder.create<mlir::arith::IndexCastUIOp>(loc, builder.getIndexType(), index);
        Value to = context.times(loc, start, width), from = context.times(loc, place, width);
        context.forEachVector(loc, width, [&](Value column, int64_t live) {
          Value at = context.plus(loc, to, column);
          Value before = context.load(loc, sum, none, at, lanes, live, DeadLanes::unspecified);
          Value more =
              context.load(loc, left, row, context.plus(loc, from, column), lanes, live, DeadLanes::unspecified);
          context.store(loc, sum, none, at, builder.create<mlir::arith::AddFOp>(loc, before, more), live);
        });
        return {};
      };
      context.choose(loc, exists, {}, add, [] { return llvm::SmallVector<Value>(); });
    });
  });
}

}  // namespace

void emitAccumulate(AccumulateOp op, KernelContext &context, ViewLookup views) {
  if (op.hasIndices())
    emitRows(op, context, views);
  else if (op.getWindow())
    WindowProductEmitter(op, context, views).run();
  else if (op.getRight())
    ProductEmitter(op, context, views).run();
  else
    emitSum(op, context, views);
}

}  // namespace inlay::compiler
