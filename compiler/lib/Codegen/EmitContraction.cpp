// SPDX-License-Identifier: Apache-2.0
// The contraction emitter: a register tile of rows x features, accumulators that start as the bias, one pass over K,
// and the epilogue on the accumulators before the only store.
#include "KernelContext.h"
#include "llvm/Support/MathExtras.h"

namespace inlay::compiler {

namespace arith = mlir::arith;
namespace scf = mlir::scf;
namespace vector = mlir::vector;
using mlir::Location;
using mlir::Value;

namespace {

/// One vector of output features: where its weights lie relative to the tile's first weight, how far apart the
/// weights of consecutive k are, and its column relative to the tile's.
struct FeatureVector {
  int64_t weightOffset;
  int64_t weightStride;
  int64_t column;
  int64_t live;  // features that exist
};

class ContractionEmitter {
 public:
  ContractionEmitter(ContractionOp op, KernelContext &context, ViewLookup views)
      : op(op),
        context(context),
        builder(context.builder),
        loc(op.getLoc()),
        input(views(op.getInput())),
        weight(views(op.getWeight())),
        result(views(op.getResult())),
        lanes(static_cast<int64_t>(op.getVectorLength())),
        panel(static_cast<int64_t>(op.getPanel())),
        depth(elementsOf(op.getInput())),
        width(elementsOf(op.getResult())) {
    if (op.getBias()) bias = views(op.getBias());
    for (Value extra : op.getExtras()) extras.push_back(views(extra).asOperandOf(width));
  }

  void run() {
    const int64_t group = context.capacity == 1 ? panelsPerStream() * panel : panel;
    const int64_t whole = width / group * group;
    llvm::SmallVector<int64_t> tiles = {static_cast<int64_t>(op.getRows())};
    if (tiles.back() > kSmallTile) tiles.push_back(kSmallTile);
    if (tiles.back() > 1) tiles.push_back(1);
    auto rowTiles = [&](Value weightStart, Value column, llvm::ArrayRef<FeatureVector> vectors) {
      context.forEachRowTile(loc, tiles,
                             [&](Value row, int64_t rows) { emitTile(row, rows, weightStart, column, vectors); });
    };
    // Panels are the outer loop, so that one panel of weights serves every row from the nearest cache.
    context.forEach(loc, whole, group, [&](Value column) {
      Value weightStart = builder.createOrFold<arith::MulIOp>(loc, column, context.index(depth, loc));
      rowTiles(weightStart, column, featureVectors(0, group));
    });
    if (whole < width)
      rowTiles(context.index(whole * depth, loc), context.index(whole, loc), featureVectors(whole, width - whole));
  }

 private:
  ContractionOp op;
  KernelContext &context;
  mlir::OpBuilder &builder;
  Location loc;
  RowView input, weight, result;
  std::optional<RowView> bias;
  llvm::SmallVector<RowView> extras;
  const int64_t lanes, panel, depth, width;

  /// Rows of the tile for what is left of the rows: at one broadcast and two multiply-adds each, it still computes more
  /// than it loads.
  static constexpr int64_t kSmallTile = 4;

  /// Accumulators that hide the latency of a multiply-add; one row needs several panels at once to have as many.
  static constexpr int64_t kChains = 8;
  int64_t panelsPerStream() const { return std::max<int64_t>(1, kChains * lanes / panel); }

  /// Vectors of `features` features from column `first` on, which starts a panel.
  llvm::SmallVector<FeatureVector> featureVectors(int64_t first, int64_t features) {
    const int64_t padded = static_cast<int64_t>(llvm::alignTo(width, lanes));
    llvm::SmallVector<FeatureVector> vectors;
    for (int64_t column = 0; column < features; column += lanes) {
      const int64_t panelStart = column / panel * panel;
      const int64_t panelWidth = std::min(panel, padded - first - panelStart);
      vectors.push_back(
          {panelStart * depth + (column - panelStart), panelWidth, column, std::min(lanes, features - column)});
    }
    return vectors;
  }

  Value plus(Value position, int64_t distance) {
    return distance == 0 ? position : builder.createOrFold<arith::AddIOp>(loc, position, context.index(distance, loc));
  }

  Value loadVector(const RowView &view, Value position) {
    return builder.create<vector::LoadOp>(loc, context.vectorType(lanes), view.memory, position);
  }

  /// One multiply-add of every accumulator of a chain: acc[row][vector] += x[row][k] * weight[k][vector].
  void step(llvm::MutableArrayRef<Value> accumulators, Value row, int64_t rows, Value weightStart, Value k,
            llvm::ArrayRef<FeatureVector> vectors) {
    llvm::SmallVector<Value> weights;
    for (const FeatureVector &v : vectors) {
      Value distance = builder.createOrFold<arith::MulIOp>(loc, k, context.index(v.weightStride, loc));
      Value position = builder.createOrFold<arith::AddIOp>(loc, weightStart, distance);
      weights.push_back(loadVector(weight, plus(position, v.weightOffset)));
    }
    for (int64_t r = 0; r < rows; ++r) {
      Value x = context.broadcast(loc, context.loadScalar(loc, input, plus(row, r), k), lanes);
      for (size_t v = 0; v < vectors.size(); ++v) {
        Value &accumulator = accumulators[static_cast<size_t>(r) * vectors.size() + v];
        accumulator = builder.create<vector::FMAOp>(loc, x, weights[v], accumulator);
      }
    }
  }

  void emitTile(Value row, int64_t rows, Value weightStart, Value column, llvm::ArrayRef<FeatureVector> vectors) {
    const size_t tile = static_cast<size_t>(rows) * vectors.size();
    // A small tile sums several k side by side, or it would wait for each multiply-add in turn.
    const int64_t chains =
        std::clamp<int64_t>(kChains / static_cast<int64_t>(tile), 1, std::max<int64_t>(1, depth / 2));

    llvm::SmallVector<Value> accumulators;
    for (int64_t r = 0; r < rows; ++r)
      for (const FeatureVector &v : vectors)
        accumulators.push_back(bias ? loadVector(*bias, context.address(loc, *bias, row, plus(column, v.column)))
                                    : context.splat(loc, 0.0f, lanes));
    for (size_t i = tile; i < tile * static_cast<size_t>(chains); ++i)
      accumulators.push_back(context.splat(loc, 0.0f, lanes));

    // Elements in a register have no address that a loop could compute.
    const int64_t whole = input.inRegister ? 0 : depth / chains * chains;
    if (whole > 0) {
      auto loop = builder.create<scf::ForOp>(loc, context.index(0, loc), context.index(whole, loc),
                                             context.index(chains, loc), accumulators);
      mlir::OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(loop.getBody());
      llvm::SmallVector<Value> running(loop.getRegionIterArgs());
      for (int64_t chain = 0; chain < chains; ++chain)
        step(llvm::MutableArrayRef(running).slice(static_cast<size_t>(chain) * tile, tile), row, rows, weightStart,
             plus(loop.getInductionVar(), chain), vectors);
      builder.create<scf::YieldOp>(loc, running);
      accumulators.assign(loop.getResults().begin(), loop.getResults().end());
    }
    for (int64_t k = whole; k < depth; ++k)
      step(llvm::MutableArrayRef(accumulators).slice(static_cast<size_t>((k - whole) % chains) * tile, tile), row, rows,
           weightStart, context.index(k, loc), vectors);
    // Chains are joined pairwise: the shortest tree.
    for (size_t live = static_cast<size_t>(chains); live > 1; live = (live + 1) / 2)
      for (size_t chain = 0; chain + (live + 1) / 2 < live; ++chain)
        for (size_t i = 0; i < tile; ++i) {
          Value &sum = accumulators[chain * tile + i];
          sum = builder.create<arith::AddFOp>(loc, sum, accumulators[(chain + (live + 1) / 2) * tile + i]);
        }

    const bool late = tile > kMostUnrolledEpilogues && isCostly(op.getEpilogue()) && !extrasAreOverwritten();
    for (int64_t r = 0; r < rows; ++r)
      for (size_t v = 0; v < vectors.size(); ++v) {
        VectorBuilder::Vectors sum = {accumulators[static_cast<size_t>(r) * vectors.size() + v]};
        finish(sum, plus(row, r), column, vectors.slice(v, 1), /*activate=*/!late);
      }
    if (!late) return;
    // The sums are in the nearest cache: a loop over them keeps the code of the epilogue in the instruction cache and
    // its constants in registers.
    context.forEach(loc, rows, 1, [&](Value r) {
      Value at = builder.createOrFold<arith::AddIOp>(loc, row, r);
      VectorBuilder::Vectors sums;
      for (const FeatureVector &v : vectors)
        sums.push_back(context.load(loc, result, at, plus(column, v.column), lanes, v.live));
      finish(sums, at, column, vectors, /*activate=*/true);
    });
  }

  /// Accumulators whose costly epilogues are emitted one by one.
  static constexpr size_t kMostUnrolledEpilogues = 8;

  /// Whether storing the sums destroys what the epilogue must read.
  bool extrasAreOverwritten() {
    return llvm::any_of(extras, [&](const RowView &extra) { return extra.memory == result.memory; });
  }

  /// The epilogue, where `activate`, and the store of vectors of one row.
  void finish(VectorBuilder::Vectors sums, Value row, Value column, llvm::ArrayRef<FeatureVector> vectors,
              bool activate) {
    if (activate && !op.getEpilogue().empty()) {
      llvm::SmallVector<VectorBuilder::Vectors> arguments = {sums};
      for (const RowView &extra : extras) {
        VectorBuilder::Vectors &loaded = arguments.emplace_back();
        for (const FeatureVector &v : vectors)
          loaded.push_back(context.load(loc, extra, row, plus(column, v.column), lanes, v.live));
      }
      sums = context.inlineProgram(op.getEpilogue(), arguments, lanes);
    }
    if (context.staysInRegister(op)) {
      context.inRegister[op.getResult()] = sums.front();
      return;
    }
    for (auto [v, sum] : llvm::zip_equal(vectors, sums))
      context.store(loc, result, row, plus(column, v.column), sum, v.live);
  }
};

}  // namespace

void emitContraction(ContractionOp op, KernelContext &context, ViewLookup views) {
  ContractionEmitter(op, context, views).run();
}

}  // namespace inlay::compiler
