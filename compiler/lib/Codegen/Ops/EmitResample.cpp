// SPDX-License-Identifier: Apache-2.0
// The resample emitter. The elements behind an index lie side by side and are computed together: with its channels last
// an image is resampled for all channels of a pixel, or for a whole line of pixels.
#include "Kernel/KernelContext.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace inlay::compiler {

namespace arith = mlir::arith;
namespace vector = mlir::vector;
using mlir::Location;
using mlir::Value;

namespace {

class ResampleEmitter {
 public:
  ResampleEmitter(ResampleOp op, KernelContext &context, ViewLookup views)
      : op(op),
        context(context),
        builder(context.builder),
        loc(op.getLoc()),
        from(views(op.getInput())),
        to(views(op.getResult())),
        taps(op.getTaps()) {
    if (op.getWeight()) weight = views(op.getWeight());
    to.padded = false;  // behind a run lies the next one
    const auto axis = static_cast<size_t>(op.getAxis());
    llvm::ArrayRef<int64_t> sizes = sizesOf(op.getInput());
    size = sizesOf(op.getResult())[axis];
    outer = mlir::ShapedType::getNumElements(sizes.take_front(axis));
    run = mlir::ShapedType::getNumElements(sizes.drop_front(axis + 1));
    source = distances(axis, sizes[axis], from.line), target = distances(axis, size, to.line);
    dividesAxis = op.getLines() > 1 && axis == 0, dividesOuter = op.getLines() > 1 && axis == 1;
    if (run == 1 && source.index == 1 && target.index == 1 && !dividesAxis) findSegments(sizes[axis]);
  }

  void emit() {
    context.forEachRow(loc, [&](Value sample) {
      row = sample;
      forEachIndex(outer, dividesOuter, [&](Value place) {
        Value first = context.times(loc, place, source.outer), result = context.times(loc, place, target.outer);
        if (!segments.empty())
          shuffle(first, result);
        else if (weight)
          combine(first, result);
        else
          move(first, result);
      });
    });
  }

 private:
  /// The distances, in one of the values, between the indices of the axis and between those of the axes before it.
  struct Distances {
    int64_t index, outer;
  };
  /// Indices side by side that come from indices side by side.
  struct Piece {
    int64_t index, source, count;
  };

  /// The elements of a vector of the result: lanes of the vector from `base` on, for each term.
  struct Pattern {
    int64_t base = 0;
    llvm::SmallVector<llvm::SmallVector<int64_t>> lanes;
  };
  /// Vectors of the result, the same lanes of vectors that are `step` apart.
  struct Segment {
    Pattern pattern;
    int64_t first = 0, count = 1, step = 0, live = 0;
  };

  ResampleOp op;
  KernelContext &context;
  mlir::OpBuilder &builder;
  Location loc;
  RowView from, to;
  std::optional<RowView> weight;
  const int64_t taps;
  int64_t size = 0;          // of the axis, in the result
  int64_t outer = 0;         // indices of the axes before it
  int64_t run = 0;           // elements behind an index
  int64_t liveOfSource = 0;  // elements of a vector of the operand, if single elements are shuffled
  Distances source{}, target{};
  bool dividesAxis = false, dividesOuter = false;  // whether threads share the indices
  Value row;
  llvm::SmallVector<Segment> segments;  // of single elements side by side; empty if they are no shuffles

  /// With at most this many pieces, each is a copy of its own.
  static constexpr size_t kMostPieces = 8;
  /// The same for vectors of single elements.
  static constexpr size_t kMostSegments = 32;
  /// More terms are a loop.
  static constexpr int64_t kMostUnrolledTaps = 4;
  /// Vectors of a loop over terms side by side, so that their sums hide the latency of the additions.
  static constexpr int64_t kTogether = 4;

  /// The first axis of an image has the distance of its lines, which may lie apart.
  Distances distances(size_t axis, int64_t extent, int64_t line) const {
    return {line != 0 && axis == 0 ? line : run, line != 0 && axis == 1 ? line : extent * run};
  }

  /// Runs `body` for all indices, or for this kernel's share of them if they are the lines that threads share.
  void forEachIndex(int64_t count, bool areLines, llvm::function_ref<void(Value)> body) {
    areLines ? context.forEachLine(loc, count, body) : context.forEach(loc, count, 1, body);
  }

  Value plus(Value a, Value b) { return context.plus(loc, a, b); }
  Value plusTimes(Value a, Value b, int64_t factor) { return context.plusTimes(loc, a, b, factor); }

  int64_t lanesFor(int64_t live) const { return smallestRegister(live, context.features.lanes); }

  /// The result's vector from `index` on. Empty if its elements are no lanes of one vector.
  std::optional<Pattern> patternAt(int64_t index, int64_t live, int64_t extent) {
    const int64_t lanes = context.features.lanes;
    const auto sources = op.getSources().slice(static_cast<size_t>(index * taps), static_cast<size_t>(live * taps));
    const int64_t lowest = *llvm::min_element(sources);
    if (lowest < 0) return std::nullopt;
    Pattern pattern{std::min(lowest, std::max<int64_t>(extent - lanes, 0)), {}};
    if (*llvm::max_element(sources) - pattern.base >= lanes) return std::nullopt;
    for (int64_t tap = 0; tap < taps; ++tap) {
      llvm::SmallVector<int64_t> &chosen = pattern.lanes.emplace_back();
      for (int64_t lane = 0; lane < lanes; ++lane)  // dead lanes repeat the first one
        chosen.push_back(sources[static_cast<size_t>((lane < live ? lane : 0) * taps + tap)] - pattern.base);
    }
    return pattern;
  }

  /// Divides the result into segments, if they are few.
  void findSegments(int64_t extent) {
    const int64_t lanes = context.features.lanes;
    if (taps > (weight ? 2 : 1)) return;
    llvm::SmallVector<Segment> found;
    for (int64_t index = 0; index < size; index += lanes) {
      const int64_t live = std::min(lanes, size - index);
      std::optional<Pattern> pattern = patternAt(index, live, extent);
      if (!pattern || found.size() > kMostSegments) return;
      Segment *last = found.empty() ? nullptr : &found.back();
      const bool alike = last && last->live == live && last->pattern.lanes == pattern->lanes;
      const int64_t step = alike ? pattern->base - last->pattern.base - (last->count - 1) * last->step : 0;
      if (alike && (last->count == 1 || step == last->step))
        ++last->count, last->step = step;
      else
        found.push_back({std::move(*pattern), index, 1, 0, live});
    }
    if (!weight && piecesOf(op.getSources()).size() <= found.size()) return;
    segments = std::move(found);
    liveOfSource = std::min(lanes, extent);
  }

  void shuffle(Value first, Value result) {
    const int64_t lanes = context.features.lanes;
    for (const Segment &segment : segments)
      context.forEach(loc, segment.count, 1, [&](Value number) {
        Value index = plusTimes(context.index(segment.first, loc), number, lanes);
        Value base = plusTimes(context.plus(loc, first, segment.pattern.base), number, segment.step);
        Value elements = context.load(loc, from, row, base, lanes, liveOfSource);
        Value sum;
        for (int64_t tap = 0; tap < taps; ++tap) {
          Value chosen = builder.create<vector::ShuffleOp>(loc, elements, elements,
                                                           segment.pattern.lanes[static_cast<size_t>(tap)]);
          // Without the fence, LLVM multiplies whole vectors and then chooses.
          if (weight)
            addProduct(sum, context.withAllLanes(loc, chosen), weightsAt(index, tap, segment.live));
          else
            sum = chosen;
        }
        context.store(loc, to, row, plus(result, index), sum, segment.live);
      });
  }

  /// The weights of a term, which are `taps` apart in memory.
  Value weightsAt(Value index, int64_t tap, int64_t live) {
    const int64_t lanes = context.features.lanes, all = live * taps;
    Value start = context.times(loc, index, taps), zero = context.index(0, loc);
    Value low = context.load(loc, *weight, zero, start, lanes, std::min(lanes, all));
    Value high =
        all > lanes ? context.load(loc, *weight, zero, context.plus(loc, start, lanes), lanes, all - lanes) : low;
    llvm::SmallVector<int64_t> chosen;
    for (int64_t lane = 0; lane < lanes; ++lane) chosen.push_back((lane < live ? lane : 0) * taps + tap);
    return builder.create<vector::ShuffleOp>(loc, low, high, chosen);
  }

  void copy(Value first, Value result, int64_t length) { context.copyRun(loc, row, length, from, first, to, result); }

  void move(Value first, Value result) {
    const llvm::SmallVector<Piece> pieces = piecesOf(op.getSources());
    if (pieces.size() > kMostPieces) {
      Value table = tableOf(op.getSources(), source.index);
      context.forEach(loc, size, 1, [&](Value index) {
        copy(plus(first, entry(table, index)), plusTimes(result, index, target.index), run);
      });
      return;
    }
    for (const Piece &piece : pieces) {
      Value begin = plusTimes(first, context.index(piece.source, loc), source.index);
      Value end = plusTimes(result, context.index(piece.index, loc), target.index);
      if (source.index == run && target.index == run) {
        copy(begin, end, piece.count * run);
        continue;
      }
      context.forEach(loc, piece.count, 1, [&](Value index) {
        copy(plusTimes(begin, index, source.index), plusTimes(end, index, target.index), run);
      });
    }
  }

  static llvm::SmallVector<Piece> piecesOf(llvm::ArrayRef<int64_t> sources) {
    llvm::SmallVector<Piece> pieces;
    for (auto [index, from] : llvm::enumerate(sources)) {
      if (!pieces.empty() && pieces.back().source + pieces.back().count == from)
        ++pieces.back().count;
      else
        pieces.push_back({static_cast<int64_t>(index), from, 1});
    }
    return pieces;
  }

  void combine(Value first, Value result) {
    llvm::SmallVector<int64_t> counts;
    for (int64_t index = 0; index < size; ++index)
      counts.push_back(
          llvm::count_if(op.getSources().slice(static_cast<size_t>(index * taps), static_cast<size_t>(taps)),
                         [](int64_t from) { return from >= 0; }));
    const bool allEqual = llvm::all_equal(counts) && counts.front() == taps;
    Value table = tableOf(op.getSources(), source.index), countTable = allEqual ? Value() : tableOf(counts, 1);
    forEachIndex(size, dividesAxis, [&](Value index) {
      Value count = allEqual ? context.index(taps, loc) : entry(countTable, index);
      Value start = context.times(loc, index, taps), place = plusTimes(result, index, target.index);
      const bool unrolled = allEqual && taps <= kMostUnrolledTaps;
      context.forEachVectors(loc, run, unrolled ? 1 : kTogether, [&](Value column, int64_t live) {
        llvm::SmallVector<Value> sums = unrolled ? sumOfFew(table, start, plus(first, column), live)
                                                 : sumOfMany(table, start, count, plus(first, column), live);
        forEachPart(live, [&](size_t part, int64_t offset, int64_t liveOfPart) {
          context.store(loc, to, row, context.plus(loc, plus(place, column), offset), sums[part], liveOfPart);
        });
      });
    });
  }

  /// Runs `body(number, offset, live)` for each vector of `live` elements.
  void forEachPart(int64_t live, llvm::function_ref<void(size_t, int64_t, int64_t)> body) const {
    const int64_t lanes = context.features.lanes;
    for (int64_t offset = 0; offset < live; offset += lanes)
      body(static_cast<size_t>(offset / lanes), offset, std::min(lanes, live - offset));
  }

  llvm::SmallVector<Value> sumOfFew(Value table, Value start, Value column, int64_t live) {
    Value sum;
    for (int64_t tap = 0; tap < taps; ++tap) addTap(sum, table, context.plus(loc, start, tap), column, live);
    return {sum};
  }

  llvm::SmallVector<Value> sumOfMany(Value table, Value start, Value count, Value column, int64_t live) {
    llvm::SmallVector<Value> sums;
    forEachPart(live, [&](size_t, int64_t, int64_t liveOfPart) {
      sums.push_back(context.splat(loc, 0.0f, lanesFor(liveOfPart)));
    });
    context.forEach(loc, context.index(0, loc), count, 1, sums, [&](Value tap) {
      forEachPart(live, [&](size_t part, int64_t offset, int64_t liveOfPart) {
        addTap(sums[part], table, plus(start, tap), context.plus(loc, column, offset), liveOfPart);
      });
    });
    return sums;
  }

  /// Adds the term at `place` of the tables. A null sum is 0.
  void addTap(Value &sum, Value table, Value place, Value column, int64_t live) {
    const int64_t lanes = lanesFor(live);
    Value element = context.load(loc, from, row, plus(column, entry(table, place)), lanes, live);
    Value factor = context.loadEverywhere(loc, *weight, context.index(0, loc), place, lanes);
    addProduct(sum, element, factor);
  }

  void addProduct(Value &sum, Value element, Value factor) {
    sum = sum ? builder.create<vector::FMAOp>(loc, element, factor, sum).getResult()
              : builder.create<arith::MulFOp>(loc, element, factor).getResult();
  }

  Value entry(Value table, Value place) {
    Value number = builder.create<mlir::memref::LoadOp>(loc, table, place);
    return builder.create<arith::IndexCastUIOp>(loc, builder.getIndexType(), number);
  }

  /// The numbers times `factor` as a constant of the object. Equal tables are one. A number for what is absent is 0.
  Value tableOf(llvm::ArrayRef<int64_t> numbers, int64_t factor) {
    llvm::SmallVector<int32_t> entries;
    for (int64_t number : numbers) entries.push_back(static_cast<int32_t>(std::max<int64_t>(number, 0) * factor));
    const auto count = static_cast<int64_t>(entries.size());
    auto values = mlir::DenseElementsAttr::get(mlir::RankedTensorType::get({count}, builder.getI32Type()),
                                               llvm::ArrayRef<int32_t>(entries));
    auto type = mlir::MemRefType::get({count}, builder.getI32Type());
    auto module = builder.getInsertionBlock()->getParentOp()->getParentOfType<mlir::ModuleOp>();
    std::string name;
    for (unsigned number = 0;; ++number) {
      name = ".indices" + std::to_string(number);  // no network's constant begins with a dot
      auto known = module.lookupSymbol<mlir::memref::GlobalOp>(name);
      if (known && known.getInitialValueAttr() == values) break;
      if (known) continue;
      mlir::OpBuilder atEnd = mlir::OpBuilder::atBlockEnd(module.getBody());
      atEnd.create<mlir::memref::GlobalOp>(loc, name, builder.getStringAttr("private"), type, values,
                                           /*constant=*/true, builder.getI64IntegerAttr(64));
      break;
    }
    return builder.create<mlir::memref::GetGlobalOp>(loc, type, name);
  }
};

}  // namespace

void emitResample(ResampleOp op, KernelContext &context, ViewLookup views) {
  ResampleEmitter(op, context, views).emit();
}

}  // namespace inlay::compiler
