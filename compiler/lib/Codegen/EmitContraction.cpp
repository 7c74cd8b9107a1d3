// SPDX-License-Identifier: Apache-2.0
// The contraction emitter: a register tile of rows x features, accumulators that start as the bias, one pass over K,
// and the epilogue on the accumulators before the only store.
#include "EmitNonzeros.h"
#include "Inlay/Codegen/Networks.h"
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
    if (!op.getSkipZeros() || context.capacity > 1 || input.inRegister) return emitAll();
    nonzeros.emplace(context, loc, input, context.scratch, context.nonzeroListBase,
                     nonzeroListPart(op, context.features.lanes));
    // With few zeros, going through the weights in order is faster.
    Value few = builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::ult, nonzeros->count,
                                              context.index(depth * kWorthSkipping / 100, loc));
    auto choice = builder.create<scf::IfOp>(loc, few, /*withElseRegion=*/true);
    mlir::OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(choice.thenBlock());
    emitAll();
    nonzeros.reset();
    builder.setInsertionPointToStart(choice.elseBlock());
    emitAll();
  }

 private:
  ContractionOp op;
  KernelContext &context;
  mlir::OpBuilder &builder;
  Location loc;
  RowView input, weight, result;
  std::optional<RowView> bias;
  llvm::SmallVector<RowView> extras;
  std::optional<NonzeroList> nonzeros;  // of the input, where the layer skips zeros
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

  /// Per cent of inputs that are not zero, below which skipping the others is faster.
  static constexpr int64_t kWorthSkipping = 75;

  void emitAll() {
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

  Value plus(Value position, int64_t distance) {
    return distance == 0 ? position : builder.createOrFold<arith::AddIOp>(loc, position, context.index(distance, loc));
  }

  /// `lanes` elements in f32, whatever they are stored as.
  Value loadVector(const RowView &view, Value position) {
    mlir::VectorType type = context.vectorType(lanes);
    mlir::Type stored = llvm::cast<mlir::MemRefType>(view.memory.getType()).getElementType();
    Value loaded = builder.create<vector::LoadOp>(loc, type.clone(stored), view.memory, position);
    return stored == type.getElementType() ? loaded : builder.create<arith::ExtFOp>(loc, type, loaded).getResult();
  }

  Value weightPosition(const FeatureVector &v, Value weightStart, Value k) {
    Value distance = builder.createOrFold<arith::MulIOp>(loc, k, context.index(v.weightStride, loc));
    return plus(builder.createOrFold<arith::AddIOp>(loc, weightStart, distance), v.weightOffset);
  }

  /// x[row][k] for each row of a tile.
  llvm::SmallVector<Value> inputs(Value row, int64_t rows, Value k) {
    llvm::SmallVector<Value> elements;
    for (int64_t r = 0; r < rows; ++r) elements.push_back(context.loadScalar(loc, input, plus(row, r), k));
    return elements;
  }

  /// One multiply-add of every accumulator of a chain: acc[row][vector] += x[row] * weight[k][vector].
  void step(llvm::MutableArrayRef<Value> accumulators, llvm::ArrayRef<Value> elements, Value weightStart, Value k,
            llvm::ArrayRef<FeatureVector> vectors) {
    llvm::SmallVector<Value> weights;
    for (const FeatureVector &v : vectors) weights.push_back(loadVector(weight, weightPosition(v, weightStart, k)));
    for (size_t r = 0; r < elements.size(); ++r) {
      Value x = context.broadcast(loc, elements[r], lanes);
      for (size_t v = 0; v < vectors.size(); ++v) {
        Value &accumulator = accumulators[r * vectors.size() + v];
        accumulator = builder.create<vector::FMAOp>(loc, x, weights[v], accumulator);
      }
    }
  }

  /// The sum over k, `chains` at a time.
  void accumulate(llvm::SmallVector<Value> &accumulators, Value row, int64_t rows, int64_t chains, Value weightStart,
                  llvm::ArrayRef<FeatureVector> vectors) {
    const size_t tile = accumulators.size() / static_cast<size_t>(chains);
    const auto chain = [&](llvm::SmallVector<Value> &all, int64_t number) {
      return llvm::MutableArrayRef(all).slice(static_cast<size_t>(number) * tile, tile);
    };
    // Elements in a register have no address that a loop could compute.
    const int64_t whole = input.inRegister ? 0 : depth / chains * chains;
    if (whole > 0) {
      auto loop = builder.create<scf::ForOp>(loc, context.index(0, loc), context.index(whole, loc),
                                             context.index(chains, loc), accumulators);
      mlir::OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(loop.getBody());
      llvm::SmallVector<Value> running(loop.getRegionIterArgs());
      for (int64_t c = 0; c < chains; ++c) {
        Value k = plus(loop.getInductionVar(), c);
        step(chain(running, c), inputs(row, rows, k), weightStart, k, vectors);
      }
      builder.create<scf::YieldOp>(loc, running);
      accumulators.assign(loop.getResults().begin(), loop.getResults().end());
    }
    for (int64_t rest = whole; rest < depth; ++rest) {
      Value k = context.index(rest, loc);
      step(chain(accumulators, (rest - whole) % chains), inputs(row, rows, k), weightStart, k, vectors);
    }
  }

  /// The sum over the k whose input is not zero. They are at irregular distances, so the hardware does not foresee
  /// them: the weights of the one some steps ahead are fetched early.
  void accumulateNonzeros(llvm::SmallVector<Value> &accumulators, Value weightStart,
                          llvm::ArrayRef<FeatureVector> vectors) {
    auto loop =
        builder.create<scf::ForOp>(loc, context.index(0, loc), nonzeros->count, context.index(1, loc), accumulators);
    mlir::OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    llvm::SmallVector<Value> running(loop.getRegionIterArgs());
    Value i = loop.getInductionVar(), ahead = nonzeros->place(plus(i, kStepsAhead));
    for (const FeatureVector &v : vectors)
      builder.create<mlir::memref::PrefetchOp>(loc, weight.memory, weightPosition(v, weightStart, ahead),
                                               /*isWrite=*/false, /*localityHint=*/3, /*isDataCache=*/true);
    step(running, nonzeros->value(i), weightStart, nonzeros->place(i), vectors);
    builder.create<scf::YieldOp>(loc, running);
    accumulators.assign(loop.getResults().begin(), loop.getResults().end());
  }

  /// How far ahead, at most the lanes of the shortest vector.
  static constexpr int64_t kStepsAhead = 4;

  void emitTile(Value row, int64_t rows, Value weightStart, Value column, llvm::ArrayRef<FeatureVector> vectors) {
    const size_t tile = static_cast<size_t>(rows) * vectors.size();
    // A small tile sums several k side by side, or it would wait for each multiply-add in turn.
    const int64_t most = nonzeros ? 1 : std::max<int64_t>(1, depth / 2);
    const int64_t chains = std::clamp<int64_t>(kChains / static_cast<int64_t>(tile), 1, most);

    llvm::SmallVector<Value> accumulators;
    for (int64_t r = 0; r < rows; ++r)
      for (const FeatureVector &v : vectors)
        accumulators.push_back(bias ? loadVector(*bias, context.address(loc, *bias, row, plus(column, v.column)))
                                    : context.splat(loc, 0.0f, lanes));
    for (size_t i = tile; i < tile * static_cast<size_t>(chains); ++i)
      accumulators.push_back(context.splat(loc, 0.0f, lanes));

    if (nonzeros)
      accumulateNonzeros(accumulators, weightStart, vectors);
    else
      accumulate(accumulators, row, rows, chains, weightStart, vectors);
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
