// SPDX-License-Identifier: Apache-2.0
// The contraction emitter. A register tile covers rows x features. Its accumulators start as the bias, sum over all K,
// and go through the epilogue before the only store. A large deep layer is summed slab by slab: each slab covers a part
// of K, and the sums are stored between slabs.
#include "EmitNonzeros.h"
#include "Stages.h"
#include "llvm/Support/MathExtras.h"

namespace inlay::compiler {

namespace arith = mlir::arith;
namespace scf = mlir::scf;
namespace vector = mlir::vector;
using mlir::Location;
using mlir::Value;

namespace {

/// One vector of output features.
struct FeatureVector {
  int64_t weightOffset;  // of its first weight from the tile's first weight
  int64_t weightStride;  // between the weights of consecutive k
  int64_t column;        // of its first feature, counted from the tile's first
  int64_t live;          // features that exist
};

/// A part of a layer's depth: the k from `begin` up to `end`. While the kernel sums them, it prefetches the same slab
/// of the next panel. That slab starts at weight `next`, and each row of the block prefetches `perRow` weights of it.
/// Nothing is prefetched where `next` is null.
struct Slab {
  Value begin, end;
  Value next, perRow;
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
        depth(op.getDepth()),
        width(op.getFeatures()) {
    if (op.getBias()) bias = views(op.getBias());
    for (Value extra : op.getExtras()) extras.push_back(views(extra).asOperandOf(elementsOf(op.getResult())));
  }

  void run() {
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

  Value firstPixel;  // of the lines that are emitted

  llvm::SmallVector<mlir::Type> vectorTypes(size_t count) {
    return llvm::SmallVector<mlir::Type>(count, context.vectorType(lanes));
  }

  /// Rows of a tile in each line of an image. A dense layer's rows are all in one line.
  int64_t columns = std::numeric_limits<int64_t>::max();

  /// A row of a tile.
  struct Place {
    Value row;     // within its line
    int64_t line;  // counted from the tile's first
  };
  /// Row `r` of the tile that begins at `row`.
  Place placeOf(Value row, int64_t r) { return {plus(row, r % columns), r / columns}; }
  /// Column `column` of a place, as a column of the row in the tile's first line.
  Value inFirstLine(const RowView &view, const Place &at, Value column) { return plus(column, at.line * view.line); }
  Value address(const RowView &view, const Place &at, Value column) {
    return context.address(loc, view, at.row, inFirstLine(view, at, column));
  }
  Value load(const RowView &view, const Place &at, Value column, int64_t live) {
    if (view.broadcast)
      return context.loadEverywhere(loc, view, at.row, inFirstLine(view, at, context.index(0, loc)), lanes);
    return context.load(loc, view, at.row, inFirstLine(view, at, column), lanes, live);
  }

  /// Tile sizes for the rows that are left behind the last whole tile. A smaller tile loads more for each row.
  static constexpr int64_t kSmallTiles[] = {4, 2, 1};

  /// The vectors for `features` features from column `first` on. A panel must start at `first`.
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

  /// Skipping zeros is faster while less than this percentage of the inputs is nonzero.
  static constexpr int64_t kWorthSkipping = 75;

  /// The cache that a line is fetched into, as the hint of llvm.prefetch.
  enum class Level : uint32_t { second = 2, first = 3 };
  void prefetch(const RowView &view, Value position, Level level, bool isWrite = false) {
    builder.create<mlir::memref::PrefetchOp>(loc, view.memory, position, isWrite, static_cast<uint32_t>(level),
                                             /*isDataCache=*/true);
  }

  /// Prefetches the whole input, which other threads have just written. Without it the sums would wait for another core
  /// at every cache line.
  void fetchInput() {
    constexpr int64_t line = 16;
    context.forEachRow(loc, [&](Value row) {
      context.forEach(loc, depth, line,
                      [&](Value column) { prefetch(input, context.address(loc, input, row, column), Level::second); });
    });
  }

  /// Runs `body(weight start, first column, vectors)` for every panel. A kernel for a single row takes several panels
  /// at a time.
  void forEachPanel(llvm::function_ref<void(Value, Value, llvm::ArrayRef<FeatureVector>)> body) {
    const int64_t group = featuresAtOnce(op, context.capacity);
    const int64_t whole = width / group * group;
    const auto emitWhole = [&](Value column) {
      Value weightStart = context.times(loc, column, depth);
      body(weightStart, column, featureVectors(0, group));
    };
    const auto emitRest = [&] {
      body(context.index(whole * depth, loc), context.index(whole, loc), featureVectors(whole, width - whole));
    };
    if (!context.part) {
      context.forEach(loc, whole, group, emitWhole);
      if (whole < width) emitRest();
      return;
    }
    Value next = builder.create<arith::AddIOp>(loc, context.part, context.index(1, loc));
    const auto start = [&](Value part) -> Value {
      Value groups = context.shareStart(loc, context.index(whole / group, loc), part, context.parts);
      return builder.create<arith::MulIOp>(loc, groups, context.index(group, loc));
    };
    auto loop = builder.create<scf::ForOp>(loc, start(context.part), start(next), context.index(group, loc));
    {
      mlir::OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(loop.getBody());
      emitWhole(loop.getInductionVar());
    }
    if (whole < width) context.ifEqual(loc, next, context.parts, emitRest);
  }

  void forEachRowTile(llvm::function_ref<void(Value, int64_t)> body) {
    if (op.getWindow()) return forEachTileOfImage(body);
    llvm::SmallVector<int64_t> tiles = {static_cast<int64_t>(op.getRows())};
    for (const int64_t small : kSmallTiles)
      if (small < tiles.back()) tiles.push_back(small);
    context.forEachRowTile(loc, tiles, body);
  }

  /// The convolution of one sample.
  void emitImage(Value sample) {
    const WindowAttr window = op.getWindowAttr();
    const RowView allInput = input, allResult = result;
    const llvm::SmallVector<RowView> allExtras = extras;
    input = context.pixelsOf(loc, input, sample, sizesOf(op.getInput()), window.getStrideH(), window.getStrideW());
    result = context.pixelsOf(loc, result, sample, sizesOf(op.getResult()));
    for (auto [extra, operand] : llvm::zip_equal(extras, op.getExtras()))
      extra = context.pixelsOf(loc, extra, sample, operand, op.getResult());
    emitSlab({context.index(0, loc), context.index(depth, loc), {}, {}});
    input = allInput, result = allResult, extras = allExtras;
  }

  /// Lines of the window: from `first` up to `last`.
  struct Taps {
    int64_t first = 0, last = std::numeric_limits<int64_t>::max();
    bool operator==(const Taps &other) const { return first == other.first && last == other.last; }
  };
  Taps taps;  // that are summed

  /// The lines of the window that are not all zero for `count` lines of the result from `line` on.
  Taps tapsOf(int64_t line, int64_t count) {
    const WindowAttr window = op.getWindowAttr();
    Taps some{0, window.getKernelH()};
    if (!op.getZeroLines()) return some;
    const int64_t above = (*op.getZeroLines())[0];
    const int64_t end = op.getInput().getType().getShape()[0] - (*op.getZeroLines())[1];
    const auto reaches = [&](int64_t of, int64_t tap) {
      return of * window.getStrideH() + tap * window.getDilationH();
    };
    while (some.first < some.last && reaches(line + count - 1, some.first) < above) ++some.first;
    while (some.last > some.first && reaches(line, some.last - 1) >= end) --some.last;
    return some;
  }

  /// Tiles of whole lines, then of the lines that are left. A line is divided into tiles of equal columns, and the
  /// columns that are left.
  void forEachTileOfImage(llvm::function_ref<void(Value, int64_t)> body) {
    llvm::ArrayRef<int64_t> sizes = op.getResult().getType().getShape();
    const auto most = static_cast<int64_t>(*op.getColumns()), together = static_cast<int64_t>(op.getRows()) / most;
    const RowView ofInput = input, ofResult = result;
    const llvm::SmallVector<RowView> ofExtras = extras;
    const auto emitLines = [&](Value line, int64_t lines) {
      firstPixel = context.times(loc, line, sizes[1]);
      input = context.fromLine(loc, ofInput, line), result = context.fromLine(loc, ofResult, line);
      for (auto [extra, of] : llvm::zip_equal(extras, ofExtras)) extra = context.fromLine(loc, of, line);
      const int64_t whole = sizes[1] / most * most;
      columns = most;
      context.forEach(loc, whole, most, [&](Value column) { body(column, lines * most); });
      columns = sizes[1] - whole;
      if (columns > 0) body(context.index(whole, loc), lines * columns);
      if (finishesLines())
        for (int64_t each = 0; each < lines; ++each) finishLine(each * result.line);
    };
    const int64_t whole = sizes[0] / together * together;
    // Tiles whose windows reach into lines of zeros leave them out. One loop serves neighbours with the same taps.
    for (int64_t line = 0; line < whole;) {
      const int64_t start = line;
      taps = tapsOf(start, together);
      while (line < whole && tapsOf(line, together) == taps) line += together;
      Value first = context.index(start, loc);
      context.forEach(loc, line - start, together,
                      [&](Value each) { emitLines(context.plus(loc, first, each), together); });
    }
    if (whole < sizes[0]) {
      taps = tapsOf(whole, sizes[0] - whole);
      emitLines(context.index(whole, loc), sizes[0] - whole);
    }
    input = ofInput, result = ofResult, extras = ofExtras;
  }

  /// Depth of a slab. A slab of a block's inputs stays in the second-level cache while all panels read it.
  static constexpr int64_t kSlab = 1024;
  /// Depth of a slab for few rows. They have too little arithmetic to hide the second-level cache, so a slab of a
  /// panel's weights must stay in the first-level cache while all rows read it.
  static constexpr int64_t kShallowSlab = 256;

  /// The loop over panels is outside the loop over rows, so that every row finds the panel's weights in a near cache. A
  /// layer with large weights is summed slab by slab. The result's memory holds the sums between slabs, which is
  /// possible unless the epilogue reads something there.
  void emitAll() {
    const auto tile = static_cast<int64_t>(op.getRows());
    if (context.capacity <= tile) return emitSlab({context.index(0, loc), context.index(depth, loc), {}, {}});
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

  /// The rows that this kernel computes, at least 1.
  Value rowsOfKernel() {
    if (!context.firstRow) return context.rows;
    Value count = builder.create<arith::SubIOp>(loc, context.rows, context.firstRow);
    return builder.create<arith::MaxUIOp>(loc, count, context.index(1, loc));
  }

  void emitSlab(const Slab &slab) {
    forEachPanel([&](Value weightStart, Value column, llvm::ArrayRef<FeatureVector> vectors) {
      Slab ofPanel = slab;
      if (slab.next) {
        Value nextPanel = plus(weightStart, panel * depth);
        ofPanel.next = builder.create<arith::AddIOp>(loc, nextPanel, slab.next);
      }
      forEachRowTile([&](Value row, int64_t rows) { emitTile(row, rows, weightStart, column, vectors, ofPanel); });
      if (finishesPanels())
        context.ifEqual(loc, slab.end, context.index(depth, loc),
                        [&] { context.forEachRow(loc, [&](Value row) { finishStored({row, 0}, column, vectors); }); });
    });
  }

  /// Whether the epilogue runs after the sums of all rows are stored. One copy of its code then serves tiles of all
  /// sizes.
  bool finishesPanels() {
    return !op.getWindow() && context.compact && context.capacity > 1 && isCostly(op.getEpilogue()) &&
           !extrasAreOverwritten();
  }

  /// Whether the epilogue runs on whole lines of an image. A costly one does if its vectors would otherwise be partly
  /// empty, because there are fewer features than lanes.
  bool finishesLines() {
    return op.getWindow() && width <= panel && width % context.features.lanes != 0 && isCostly(op.getEpilogue()) &&
           extras.empty();
  }

  /// Runs the epilogue on the stored sums of a line, which begins at column `start` of the first row.
  void finishLine(int64_t start) {
    const int64_t elements = op.getResult().getType().getShape()[1] * width, all = context.features.lanes;
    context.forEachVectors(loc, elements, /*ways=*/4, [&](Value column, int64_t live) {
      VectorBuilder::Vectors sums;
      const auto at = [&](int64_t offset) { return plus(column, start + offset); };
      for (int64_t offset = 0; offset < live; offset += all)
        sums.push_back(context.load(loc, result, context.index(0, loc), at(offset), all, std::min(all, live - offset)));
      const VectorBuilder::Vectors arguments[] = {sums};
      sums = context.inlineProgram(op.getEpilogue(), arguments, all, elementsOf(op.getResult()));
      for (auto [i, sum] : llvm::enumerate(sums)) {
        const int64_t offset = static_cast<int64_t>(i) * all;
        context.store(loc, result, context.index(0, loc), at(offset), sum, std::min(all, live - offset));
      }
    });
  }

  /// Runs the epilogue on stored sums of one row.
  void finishStored(const Place &at, Value column, llvm::ArrayRef<FeatureVector> vectors) {
    VectorBuilder::Vectors sums;
    for (const FeatureVector &v : vectors) sums.push_back(load(result, at, plus(column, v.column), v.live));
    finish(sums, at, column, vectors, /*activate=*/true);
  }

  Value plus(Value position, int64_t distance) { return context.plus(loc, position, distance); }

  /// Whether the layer has one output and its input fills one register. Its weights then lie side by side.
  bool isDotProduct() {
    return width == 1 && input.inRegister && !context.reproducible &&
           llvm::cast<mlir::VectorType>(input.inRegister.getType()).getDimSize(0) == depth;
  }

  /// The sum for such a layer, which starts as `start`. It adds pieces as long as the shortest register, then the
  /// lanes.
  Value dotProduct(Value start, Value weightStart) {
    const int64_t piece = std::min<int64_t>(4, depth);
    Value sums = builder.create<vector::InsertOp>(loc, start, context.splat(loc, 0.0f, piece), 0);
    for (int64_t k = 0; k < depth; k += piece) {
      Value elements = builder.create<vector::ExtractStridedSliceOp>(loc, input.inRegister, k, piece, 1);
      sums = builder.create<vector::FMAOp>(loc, elements, loadVector(weight, plus(weightStart, k), piece), sums);
    }
    sums = context.acrossLanes(loc, sums,
                               [&](Value a, Value b) -> Value { return builder.create<arith::AddFOp>(loc, a, b); });
    return builder.create<vector::ExtractOp>(loc, sums, 0);
  }

  Value loadVector(const RowView &view, Value position) { return loadVector(view, position, lanes); }
  /// `count` elements in f32, whatever they are stored as.
  Value loadVector(const RowView &view, Value position, int64_t count) {
    mlir::VectorType type = context.vectorType(count);
    mlir::Type stored = llvm::cast<mlir::MemRefType>(view.memory.getType()).getElementType();
    Value loaded = builder.create<vector::LoadOp>(loc, type.clone(stored), view.memory, position);
    if (stored == type.getElementType()) return loaded;
    // The bits of bf16 are the upper half of those of f32.
    auto words = type.clone(builder.getI32Type());
    Value half = builder.create<arith::ConstantOp>(loc, mlir::DenseElementsAttr::get(words, int32_t{16}));
    Value bits = builder.create<arith::ShLIOp>(loc, builder.create<arith::ExtUIOp>(loc, words, loaded), half);
    return builder.create<arith::BitcastOp>(loc, type, bits);
  }

  Value weightPosition(const FeatureVector &v, Value weightStart, Value k) {
    return plus(context.plusTimes(loc, weightStart, k, v.weightStride), v.weightOffset);
  }

  /// x[row][k] for each row of a tile.
  llvm::SmallVector<Value> inputs(Value row, int64_t rows, Value k) {
    llvm::SmallVector<Value> elements;
    for (int64_t r = 0; r < rows; ++r) {
      const Place at = placeOf(row, r);
      elements.push_back(context.loadScalar(loc, input, at.row, inFirstLine(input, at, k)));
    }
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

  /// Adds the products of a slab, `chains` k at a time.
  void accumulate(llvm::SmallVector<Value> &accumulators, Value row, int64_t rows, int64_t chains, Value weightStart,
                  llvm::ArrayRef<FeatureVector> vectors, const Slab &slab) {
    const size_t tile = accumulators.size() / static_cast<size_t>(chains);
    const auto chain = [&](llvm::SmallVector<Value> &all, int64_t number) {
      return llvm::MutableArrayRef(all).slice(static_cast<size_t>(number) * tile, tile);
    };
    if (op.getWindow()) return accumulateWindow(accumulators, row, rows, chains, weightStart, vectors);
    if (isDotProduct()) {
      Value start = builder.create<vector::ExtractOp>(loc, accumulators.front(), 0);
      accumulators.front() = context.broadcast(loc, dotProduct(start, weightStart), lanes);
      return;
    }
    if (input.inRegister) {  // elements in a register have no address that a loop could compute
      for (int64_t k = 0; k < depth; ++k) {
        Value at = context.index(k, loc);
        step(chain(accumulators, k % chains), inputs(row, rows, at), weightStart, at, vectors);
      }
      return;
    }
    Value fetched, fetchedPerIteration;
    if (slab.next) {
      // All row tiles together prefetch the next panel into the second-level cache. Otherwise the first tile of that
      // panel would wait for memory at every k.
      Value ofRows = builder.create<arith::MulIOp>(loc, row, slab.perRow);
      fetched = builder.create<arith::AddIOp>(loc, slab.next, ofRows);
      fetchedPerIteration =
          plus(builder.create<arith::DivUIOp>(loc, context.index(chains * rows * panel, loc), rowsOfKernel()), 1);
    }
    const auto loop = [&](Value from, Value to, int64_t ofIteration, bool fetches) {
      llvm::SmallVector<Value> state(accumulators);
      if (fetches) state.push_back(fetched);
      context.forEach(loc, from, to, ofIteration, state, [&](Value first) {
        if (fetches) {
          prefetch(weight, state.back(), Level::second);
          state.back() = builder.create<arith::AddIOp>(loc, state.back(), fetchedPerIteration);
        }
        for (int64_t i = 0; i < ofIteration; ++i) {
          Value k = plus(first, i);
          step(chain(state, i % chains), inputs(row, rows, k), weightStart, k, vectors);
        }
      });
      llvm::copy(llvm::ArrayRef(state).take_front(accumulators.size()), accumulators.begin());
    };
    // Every slab except the last has a depth that is a multiple of `chains`.
    if (depth % chains == 0) return loop(slab.begin, slab.end, chains, slab.next != nullptr);
    Value length = builder.createOrFold<arith::SubIOp>(loc, slab.end, slab.begin);
    Value rest = builder.createOrFold<arith::RemUIOp>(loc, length, context.index(chains, loc));
    Value whole = builder.createOrFold<arith::SubIOp>(loc, slab.end, rest);
    loop(slab.begin, whole, chains, slab.next != nullptr);
    loop(whole, slab.end, 1, /*fetches=*/false);
  }

  /// Elements of an image that lie side by side under a window, and how the window's lines and pixels divide into them.
  struct Runs {
    int64_t lines, ofLine, length;
  };
  Runs runsOfWindow() {
    const WindowAttr window = op.getWindowAttr();
    const int64_t channels = op.getInput().getType().getShape().back();
    if (window.getDilationW() == 1) return {window.getKernelH(), 1, window.getKernelW() * channels};
    return {window.getKernelH(), window.getKernelW(), channels};
  }

  /// Runs of no more elements than this are unrolled if a row has one accumulator. Neighbouring pixels then share their
  /// loads. With more accumulators there would be no registers to keep what is loaded.
  static constexpr int64_t kShortRun = 16;

  /// Weights of more bytes are not in the second-level cache when a panel begins.
  static constexpr int64_t kFetched = 512 << 10;

  /// Adds the products of a whole window.
  void accumulateWindow(llvm::SmallVector<Value> &accumulators, Value row, int64_t rows, int64_t chains,
                        Value weightStart, llvm::ArrayRef<FeatureVector> vectors) {
    const WindowAttr window = op.getWindowAttr();
    llvm::ArrayRef<int64_t> sizes = op.getInput().getType().getShape();
    const size_t tile = accumulators.size() / static_cast<size_t>(chains);
    const Runs runs = runsOfWindow();
    // While a panel is summed, the next one is fetched into the second-level cache, a share of it by each pixel.
    const bool fetches = bytesOf(op.getWeight()) > kFetched && width > panel && !context.part;
    const int64_t perPixel = llvm::divideCeil(panel * depth, op.getPixels());
    Value fetched;
    if (fetches)
      fetched = context.plusTimes(loc, plus(weightStart, panel * depth), context.plus(loc, firstPixel, row), perPixel);
    context.forEach(loc, taps.last - taps.first, 1, accumulators, [&](Value tap) {
      Value line = plus(tap, taps.first);
      Value atLine = context.times(loc, line, window.getDilationH() * (input.line / window.getStrideH()));
      Value ofLine = context.times(loc, line, runs.ofLine * runs.length);
      for (int64_t run = 0; run < runs.ofLine; ++run) {
        Value inputStart = plus(atLine, run * window.getDilationW() * sizes[2]);
        Value weightOfRun = plus(ofLine, run * runs.length);
        const auto add = [&](Value from, int64_t count) {
          for (int64_t i = 0; i < count; ++i) {
            Value k = plus(from, i);
            step(llvm::MutableArrayRef(accumulators).slice(static_cast<size_t>(i % chains) * tile, tile),
                 inputs(row, rows, context.plus(loc, inputStart, k)), weightStart, context.plus(loc, weightOfRun, k),
                 vectors);
          }
        };
        if (runs.length <= kShortRun && vectors.size() == 1) {
          add(context.index(0, loc), runs.length);
          continue;
        }
        const int64_t whole = runs.length / chains * chains;
        context.forEach(loc, whole, chains, accumulators, [&](Value from) {
          if (fetches) {
            const int64_t perTerm = llvm::divideCeil(rows * panel, op.getPixels());
            Value term = context.plus(loc, weightOfRun, from);
            prefetch(weight, context.plusTimes(loc, fetched, term, perTerm), Level::second);
          }
          add(from, chains);
        });
        add(context.index(whole, loc), runs.length - whole);
      }
    });
  }

  /// Sums over the k whose input is not zero. The hardware cannot predict which k comes next, so the loop prefetches
  /// the weights that it needs some steps later.
  void accumulateNonzeros(llvm::SmallVector<Value> &accumulators, Value weightStart,
                          llvm::ArrayRef<FeatureVector> vectors) {
    context.forEach(loc, context.index(0, loc), nonzeros->count, 1, accumulators, [&](Value i) {
      Value ahead = nonzeros->place(plus(i, kStepsAhead));
      for (const FeatureVector &v : vectors) prefetch(weight, weightPosition(v, weightStart, ahead), Level::first);
      step(accumulators, nonzeros->value(i), weightStart, nonzeros->place(i), vectors);
    });
  }

  /// Adds all chains to the first one, in pairs, so that few additions wait for each other.
  void joinChains(llvm::MutableArrayRef<Value> accumulators, int64_t chains) {
    const size_t tile = accumulators.size() / static_cast<size_t>(chains);
    for (size_t live = static_cast<size_t>(chains); live > 1; live = (live + 1) / 2)
      for (size_t chain = 0; chain + (live + 1) / 2 < live; ++chain)
        for (size_t i = 0; i < tile; ++i) {
          Value &sum = accumulators[chain * tile + i];
          sum = builder.create<arith::AddFOp>(loc, sum, accumulators[(chain + (live + 1) / 2) * tile + i]);
        }
  }

  /// Steps between the prefetch and the use. At most the lanes of the shortest vector, because the list of nonzeros
  /// ends with a vector of zeros.
  static constexpr int64_t kStepsAhead = 4;

  void emitTile(Value row, int64_t rows, Value weightStart, Value column, llvm::ArrayRef<FeatureVector> vectors,
                const Slab &slab) {
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
          return perVector([&](const Place &at, const FeatureVector &v) {
            return load(result, at, plus(column, v.column), v.live);
          });
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
    joinChains(accumulators, chains);

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

  /// A tile of more accumulators runs a costly epilogue in a loop.
  static constexpr size_t kMostUnrolledEpilogues = 8;

  /// Whether storing the sums may destroy an operand of the epilogue.
  bool extrasAreOverwritten() {
    return llvm::any_of(extras, [&](const RowView &extra) { return extra.memory == result.memory; });
  }

  /// Runs the epilogue if `activate`, and stores the vectors of one row.
  void finish(VectorBuilder::Vectors sums, const Place &at, Value column, llvm::ArrayRef<FeatureVector> vectors,
              bool activate) {
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
};

}  // namespace

void emitNonzeroList(ContractionOp op, KernelContext &context, ViewLookup views) {
  NonzeroList list(context, op, views(op.getInput()));
  list.make();
  list.keepCount();
}

void emitContraction(ContractionOp op, KernelContext &context, ViewLookup views) {
  ContractionEmitter(op, context, views).run();
}

}  // namespace inlay::compiler
