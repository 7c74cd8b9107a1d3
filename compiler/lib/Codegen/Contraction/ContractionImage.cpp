// SPDX-License-Identifier: Apache-2.0
// Contractions with a window. The rows of a tile are pixels of a few lines of an image, and the depth is the window.
#include "Contraction/ContractionEmitter.h"
#include "llvm/Support/MathExtras.h"

namespace inlay::compiler {

namespace arith = mlir::arith;
using mlir::Location;
using mlir::Value;

namespace {

/// Runs of no more elements than this are unrolled if a row has one accumulator. Neighbouring pixels then share their
/// loads. With more accumulators there would be no registers to keep what is loaded.
constexpr int64_t kShortRun = 16;

/// Weights of more bytes are not in the second-level cache when a panel begins.
constexpr int64_t kFetched = 512 << 10;

}  // namespace

void ContractionEmitter::emitImage(Value sample) {
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

ContractionEmitter::Taps ContractionEmitter::tapsOf(int64_t line, int64_t count) {
  const WindowAttr window = op.getWindowAttr();
  Taps some{0, window.getKernelH()};
  if (!op.getZeroLines()) return some;
  const int64_t above = (*op.getZeroLines())[0];
  const int64_t end = op.getInput().getType().getShape()[0] - (*op.getZeroLines())[1];
  const auto reaches = [&](int64_t of, int64_t tap) { return of * window.getStrideH() + tap * window.getDilationH(); };
  while (some.first < some.last && reaches(line + count - 1, some.first) < above) ++some.first;
  while (some.last > some.first && reaches(line, some.last - 1) >= end) --some.last;
  return some;
}

void ContractionEmitter::forEachTileOfImage(llvm::function_ref<void(Value, int64_t)> body) {
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
  const auto mine = context.shareOfLines(loc, op.getLines());
  // Line `line` or, if this kernel computes lines behind or before it only, where these begin or end.
  const auto within = [&](int64_t line) -> Value {
    Value at = context.index(line, loc);
    if (!context.share) return at;
    at = builder.create<arith::MaxUIOp>(loc, at, context.times(loc, mine.first, together));
    return builder.create<arith::MinUIOp>(loc, at, context.times(loc, mine.second, together));
  };
  // Tiles whose windows reach into lines of zeros leave them out. One loop serves neighbours with the same taps.
  for (int64_t line = 0; line < whole;) {
    const int64_t start = line;
    taps = tapsOf(start, together);
    while (line < whole && tapsOf(line, together) == taps) line += together;
    const auto emitTogether = [&](Value each) { emitLines(each, together); };
    context.forEach(loc, within(start), within(line), together, emitTogether);
  }
  if (whole < sizes[0]) {
    taps = tapsOf(whole, sizes[0] - whole);
    const auto emitRest = [&] { emitLines(context.index(whole, loc), sizes[0] - whole); };
    context.ifEqual(loc, mine.second, context.index(op.getLines(), loc), emitRest);
  }
  input = ofInput, result = ofResult, extras = ofExtras;
}

bool ContractionEmitter::finishesLines() {
  return op.getWindow() && width <= panel && width % context.features.lanes != 0 && isCostly(op.getEpilogue()) &&
         extras.empty();
}

void ContractionEmitter::finishLine(int64_t start) {
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

ContractionEmitter::Runs ContractionEmitter::runsOfWindow() {
  const WindowAttr window = op.getWindowAttr();
  const int64_t channels = op.getInput().getType().getShape().back();
  if (window.getDilationW() == 1) return {window.getKernelH(), 1, window.getKernelW() * channels};
  return {window.getKernelH(), window.getKernelW(), channels};
}

void ContractionEmitter::accumulateWindow(llvm::SmallVector<Value> &accumulators, Value row, int64_t rows,
                                          int64_t chains, Value weightStart, llvm::ArrayRef<FeatureVector> vectors) {
  const WindowAttr window = op.getWindowAttr();
  llvm::ArrayRef<int64_t> sizes = op.getInput().getType().getShape();
  const size_t tile = accumulators.size() / static_cast<size_t>(chains);
  const Runs runs = runsOfWindow();
  // While a panel is summed, the next one is fetched into the second-level cache, a share of it by each pixel.
  const bool fetches = bytesOf(op.getWeight()) > kFetched && width > panel && !context.part && !context.share;
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

}  // namespace inlay::compiler
