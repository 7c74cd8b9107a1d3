// SPDX-License-Identifier: Apache-2.0
// The contraction emitter. A register tile covers rows x features. Its accumulators start as the bias, sum over all K,
// and go through the epilogue before the only store. A large deep layer is summed slab by slab: each slab covers a part
// of K, and the sums are stored between slabs.
#include "Contraction/ContractionEmitter.h"
#include "Contraction/RotatedWeights.h"
#include "llvm/Support/MathExtras.h"

namespace inlay::compiler {

namespace arith = mlir::arith;
namespace scf = mlir::scf;
using mlir::Location;
using mlir::Value;

namespace {

/// Tile sizes for the rows that are left behind the last whole tile. A smaller tile loads more for each row. With 3, no
/// rest needs more than two of them after the fours: each tile more reads the weights of a panel once more.
constexpr int64_t kSmallTiles[] = {4, 3, 2, 1};

/// Skipping zeros is faster while less than this percentage of the inputs is nonzero.
constexpr int64_t kWorthSkipping = 75;

/// Depth of a slab. A slab of a block's inputs stays in the second-level cache while all panels read it.
constexpr int64_t kSlab = 1024;

/// Depth of a slab for few rows. They have too little arithmetic to hide the second-level cache, so a slab of a
/// panel's weights must stay in the first-level cache while all rows read it.
constexpr int64_t kShallowSlab = 256;

/// A tile of more accumulators runs a costly epilogue in a loop.
constexpr size_t kMostUnrolledEpilogues = 8;

}  // namespace

ContractionEmitter::ContractionEmitter(ContractionOp op, KernelContext &context, ViewLookup views)
    : op(op),
      context(context),
      builder(context.builder),
      loc(op.getLoc()),
      input(views(op.getInput())),
      weight(views(op.getWeight())),
      result(views(op.getResult())),
      lanes(static_cast<int64_t>(op.getVectorLength())),
      panel(static_cast<int64_t>(op.getPanel())),
      depth(op.getDepth()),
      width(op.getFeatures()) {
  if (op.getBias()) bias = views(op.getBias());
  for (Value extra : op.getExtras()) extras.push_back(views(extra).asOperandOf(elementsOf(op.getResult())));
}

void ContractionEmitter::run() {
  if (op.getWindow()) return context.forEachRow(loc, [&](Value sample) { emitImage(sample); });
  if (context.part && op.getInput().getDefiningOp()) fetchInput();
  if (!op.getSkipZeros() || context.capacity > 1 || input.inRegister) return emitAll();
  nonzeros.emplace(context, op, input);
  if (context.part)
    nonzeros->recall();
  else
    nonzeros->make();
  // With few zeros, going through the weights in order is faster.
  Value few = builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::ult, nonzeros->count,
                                            context.index(depth * kWorthSkipping / 100, loc));
  // Both branches compute the result. If it stays in a register, the scf.if yields it.
  const bool inRegister = context.staysInRegister(op);
  const auto branch = [&]() -> llvm::SmallVector<Value> {
    emitAll();
    if (!inRegister) return {};
    return {context.inRegister[op.getResult()]};
  };
  const auto made =
      context.choose(loc, few, vectorTypes(inRegister ? 1 : 0), branch, [&] { return nonzeros.reset(), branch(); });
  if (inRegister) context.inRegister[op.getResult()] = made.front();
}

void ContractionEmitter::fetchInput() {
  constexpr int64_t line = 16;
  context.forEachRow(loc, [&](Value row) {
    context.forEach(loc, depth, line,
                    [&](Value column) { prefetch(input, context.address(loc, input, row, column), Level::second); });
  });
}

void ContractionEmitter::forEachPanel(llvm::function_ref<void(Value, Value, llvm::ArrayRef<FeatureVector>)> body) {
  const int64_t group = featuresAtOnce(op, context.capacity);
  context.forEachPanel(loc, width, group, [&](Value column, int64_t live) {
    body(context.times(loc, column, depth), column, featureVectors(live == group ? 0 : width - live, live));
  });
}

void ContractionEmitter::forEachRowTile(llvm::function_ref<void(Value, int64_t)> body) {
  if (op.getWindow()) return forEachTileOfImage(body);
  llvm::SmallVector<int64_t> tiles = {static_cast<int64_t>(op.getRows())};
  for (const int64_t small : kSmallTiles)
    if (small < tiles.back()) tiles.push_back(small);
  context.forEachRowTile(loc, tiles, body);
}

llvm::SmallVector<ContractionEmitter::FeatureVector> ContractionEmitter::featureVectors(int64_t first,
                                                                                        int64_t features) {
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

void ContractionEmitter::emitAll() {
  const auto tile = static_cast<int64_t>(op.getRows());
  if (context.capacity <= tile || op.getAlongInputs())
    return emitSlab({context.index(0, loc), context.index(depth, loc), {}, {}});
  const auto part = [&](int64_t most) {  // of slabs that are about equal
    return context.index(llvm::alignTo(llvm::divideCeil(depth, llvm::divideCeil(depth, most)), kChains), loc);
  };
  Value few =
      builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::ult, rowsOfKernel(), context.index(2 * tile, loc));
  Value slab = extrasAreOverwritten()
                   ? context.index(depth, loc)
                   : builder.createOrFold<arith::SelectOp>(loc, few, part(kShallowSlab), part(kSlab));
  Value end = context.index(depth, loc);
  auto loop = builder.create<scf::ForOp>(loc, context.index(0, loc), end, slab);
  mlir::OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  Value begin = loop.getInductionVar();
  Value past = builder.create<arith::AddIOp>(loc, begin, slab);
  Value fetched = builder.create<arith::MulIOp>(loc, slab, context.index(panel, loc));
  emitSlab({begin, builder.create<arith::MinUIOp>(loc, past, end),
            builder.create<arith::MulIOp>(loc, begin, context.index(panel, loc)),
            builder.create<arith::DivUIOp>(loc, fetched, rowsOfKernel())});
}

Value ContractionEmitter::rowsOfKernel() {
  if (!context.firstRow) return context.rows;
  Value count = builder.create<arith::SubIOp>(loc, context.rows, context.firstRow);
  return builder.create<arith::MaxUIOp>(loc, count, context.index(1, loc));
}

void ContractionEmitter::emitSlab(const Slab &slab) {
  forEachPanel([&](Value weightStart, Value column, llvm::ArrayRef<FeatureVector> vectors) {
    Slab ofPanel = slab;
    if (slab.next) {
      Value nextPanel = plus(weightStart, weight.base + panel * depth);
      ofPanel.next = builder.create<arith::AddIOp>(loc, nextPanel, slab.next);
    }
    forEachRowTile([&](Value row, int64_t rows) { emitTile(row, rows, weightStart, column, vectors, ofPanel); });
    if (finishesPanels())
      context.ifEqual(loc, slab.end, context.index(depth, loc),
                      [&] { context.forEachRow(loc, [&](Value row) { finishStored({row, 0}, column, vectors); }); });
  });
}

bool ContractionEmitter::finishesPanels() {
  return !op.getWindow() && context.compact && context.capacity > 1 && isCostly(op.getEpilogue()) &&
         !extrasAreOverwritten();
}

void ContractionEmitter::emitTile(Value row, int64_t rows, Value weightStart, Value column,
                                  llvm::ArrayRef<FeatureVector> vectors, const Slab &slab) {
  if (op.getAlongInputs()) {
    for (auto [r, sum] : llvm::enumerate(dotProducts(row, rows)))
      finish({sum}, placeOf(row, static_cast<int64_t>(r)), column, vectors, /*activate=*/!finishesPanels());
    return;
  }
  const size_t tile = static_cast<size_t>(rows) * vectors.size();
  // A small tile sums several k side by side. With one chain it would wait for each multiply-add.
  const int64_t most = nonzeros || isDotProduct() || context.reproducible ? 1 : std::max<int64_t>(1, depth / 2);
  const int64_t chains = std::clamp<int64_t>(kChains / static_cast<int64_t>(tile), 1, most);

  const auto perVector = [&](auto body) {
    llvm::SmallVector<Value> values;
    for (int64_t r = 0; r < rows; ++r)
      for (const FeatureVector &v : vectors) values.push_back(body(placeOf(row, r), v));
    return values;
  };
  llvm::SmallVector<Value> accumulators = context.chooseIfEqual(
      loc, slab.begin, context.index(0, loc), vectorTypes(tile),
      [&] {
        return perVector([&](const Place &at, const FeatureVector &v) {
          return bias ? loadVector(*bias, context.address(loc, *bias, at.row, plus(column, v.column)))
                      : context.splat(loc, 0.0f, lanes);
        });
      },
      [&] {
        return perVector(
            [&](const Place &at, const FeatureVector &v) { return load(result, at, plus(column, v.column), v.live); });
      });
  if (context.part && context.capacity > 1) {
    // Prefetch the lines of the result for writing. Other cores read them in the previous call.
    for (int64_t r = 0; r < rows; ++r)
      for (const FeatureVector &v : vectors)
        prefetch(result, address(result, placeOf(row, r), plus(column, v.column)), Level::first,
                 /*isWrite=*/true);
  }
  accumulators.resize(tile * static_cast<size_t>(chains), Value());
  for (size_t i = tile; i < accumulators.size(); ++i) accumulators[i] = context.splat(loc, 0.0f, lanes);

  if (nonzeros)
    accumulateNonzeros(accumulators, weightStart, vectors);
  else
    accumulate(accumulators, row, rows, chains, weightStart, vectors, slab);
  if (rotatedWeights() && rotatesSums(op)) {
    joinChains(accumulators, chains, kLanesOfGroup);
    rotateSums(accumulators);
    joinChains(accumulators, kLanesOfGroup);
  } else {
    joinChains(accumulators, chains);
  }

  const bool late = tile > kMostUnrolledEpilogues && isCostly(op.getEpilogue()) && !extrasAreOverwritten();
  const auto store = [&](bool activate) {
    for (int64_t r = 0; r < rows; ++r)
      for (size_t v = 0; v < vectors.size(); ++v) {
        VectorBuilder::Vectors sum = {accumulators[static_cast<size_t>(r) * vectors.size() + v]};
        finish(sum, placeOf(row, r), column, vectors.slice(v, 1), activate);
      }
  };
  if (finishesPanels() || finishesLines()) return store(/*activate=*/false);
  const auto complete = [&] {
    store(/*activate=*/!late);
    // The sums are in the first-level cache. A loop over them has one copy of the epilogue's code, which stays in the
    // instruction cache, and keeps its constants in registers.
    if (!late) return;
    const int64_t ofLine = std::min(rows, columns);
    for (int64_t line = 0; line < rows / ofLine; ++line)
      context.forEach(loc, ofLine, 1,
                      [&](Value r) { finishStored({context.plus(loc, row, r), line}, column, vectors); });
  };
  context.ifEqual(loc, slab.end, context.index(depth, loc), complete, [&] { store(/*activate=*/false); });
}

void ContractionEmitter::finish(VectorBuilder::Vectors sums, const Place &at, Value column,
                                llvm::ArrayRef<FeatureVector> vectors, bool activate) {
  if (activate && !op.getEpilogue().empty()) {
    llvm::SmallVector<VectorBuilder::Vectors> arguments = {sums};
    for (const RowView &extra : extras) {
      VectorBuilder::Vectors &loaded = arguments.emplace_back();
      for (const FeatureVector &v : vectors) loaded.push_back(load(extra, at, plus(column, v.column), v.live));
    }
    sums = context.inlineProgram(op.getEpilogue(), arguments, lanes, elementsOf(op.getResult()));
  }
  if (context.staysInRegister(op)) {
    context.inRegister[op.getResult()] = width < lanes ? context.withAllLanes(loc, sums.front()) : sums.front();
    return;
  }
  for (auto [v, sum] : llvm::zip_equal(vectors, sums))
    context.store(loc, result, at.row, inFirstLine(result, at, plus(column, v.column)), sum, v.live);
}

void ContractionEmitter::finishStored(const Place &at, Value column, llvm::ArrayRef<FeatureVector> vectors) {
  VectorBuilder::Vectors sums;
  for (const FeatureVector &v : vectors) sums.push_back(load(result, at, plus(column, v.column), v.live));
  finish(sums, at, column, vectors, /*activate=*/true);
}

bool ContractionEmitter::extrasAreOverwritten() {
  return llvm::any_of(extras, [&](const RowView &extra) { return extra.memory == result.memory; });
}

Value ContractionEmitter::address(const RowView &view, const Place &at, Value column) {
  return context.address(loc, view, at.row, inFirstLine(view, at, column));
}

Value ContractionEmitter::load(const RowView &view, const Place &at, Value column, int64_t live) {
  if (view.broadcast)
    return context.loadEverywhere(loc, view, at.row, inFirstLine(view, at, context.index(0, loc)), lanes);
  return context.load(loc, view, at.row, inFirstLine(view, at, column), lanes, live);
}

void ContractionEmitter::prefetch(const RowView &view, Value position, Level level, bool isWrite) {
  builder.create<mlir::memref::PrefetchOp>(loc, view.memory, position, isWrite, static_cast<uint32_t>(level),
                                           /*isDataCache=*/true);
}

void emitNonzeroList(ContractionOp op, KernelContext &context, ViewLookup views) {
  NonzeroList list(context, op, views(op.getInput()));
  list.make();
  list.keepCount();
}

void emitContraction(ContractionOp op, KernelContext &context, ViewLookup views) {
  ContractionEmitter(op, context, views).run();
}

}  // namespace inlay::compiler
