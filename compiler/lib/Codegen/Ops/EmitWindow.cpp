// SPDX-License-Identifier: Apache-2.0
// The window emitter: pools and depthwise convolutions. The channels of an image lie in the lanes. Several windows of a
// line are computed side by side, so that one weight serves all of them.
#include "Kernel/KernelContext.h"

namespace inlay::compiler {

namespace arith = mlir::arith;
namespace scf = mlir::scf;
namespace vector = mlir::vector;
using mlir::Location;
using mlir::Value;

namespace {

class WindowEmitter {
 public:
  WindowEmitter(WindowOp op, KernelContext &context, ViewLookup views)
      : op(op),
        context(context),
        builder(context.builder),
        loc(op.getLoc()),
        window(op.getWindow()),
        sizes(op.getInput().getType().getShape()),
        resultSizes(op.getResult().getType().getShape()),
        input(views(op.getInput())),
        result(views(op.getResult())),
        lineOfInput(input.line != 0 ? input.line : sizes[1] * sizes[2]) {
    if (op.getWeight()) weight = views(op.getWeight());
    if (op.getBias()) bias = views(op.getBias());
    for (Value extra : op.getExtras()) extras.push_back(views(extra));
  }

  void run() {
    const RowView allInput = input, allResult = result;
    const llvm::SmallVector<RowView> allExtras = extras;
    context.forEachRow(loc, [&](Value sample) {
      context.forEachLine(loc, resultSizes[0], [&](Value line) {
        const auto lineOf = [&](const RowView &view, llvm::ArrayRef<int64_t> of, int64_t lineStep, int64_t step) {
          return context.fromLine(loc, context.pixelsOf(loc, view, sample, of, lineStep, step), line);
        };
        input = lineOf(allInput, sizes, window.getStrideH(), window.getStrideW());
        result = lineOf(allResult, resultSizes, 1, 1);
        for (auto [extra, all, operand] : llvm::zip_equal(extras, allExtras, op.getExtras()))
          extra = context.fromLine(loc, context.pixelsOf(loc, all, sample, operand, op.getResult()), line);
        context.forEachVector(loc, resultSizes[2], [&](Value channel, int64_t live) { emitLine(channel, live); });
      });
    });
  }

 private:
  WindowOp op;
  KernelContext &context;
  mlir::OpBuilder &builder;
  Location loc;
  WindowAttr window;
  llvm::ArrayRef<int64_t> sizes, resultSizes;
  RowView input, result;
  const int64_t lineOfInput;  // the distance between its lines
  std::optional<RowView> weight, bias;
  llvm::SmallVector<RowView> extras;

  /// Windows side by side. Their accumulators hide the latency of the operations.
  static constexpr int64_t kTogether = 6;
  /// A window of more taps is a loop over its lines.
  static constexpr int64_t kMostUnrolledTaps = 25;

  /// All windows of a line, for the channels from `channel` on.
  void emitLine(Value channel, int64_t live) {
    const int64_t together = std::min(kTogether, resultSizes[1]), whole = resultSizes[1] / together * together;
    context.forEach(loc, whole, together, [&](Value column) { emitWindows(column, together, channel, live); });
    if (whole < resultSizes[1]) emitWindows(context.index(whole, loc), resultSizes[1] - whole, channel, live);
  }

  Value plus(Value a, int64_t b) { return context.plus(loc, a, b); }
  Value plusTimes(Value a, Value b, int64_t factor) { return context.plusTimes(loc, a, b, factor); }

  Value combine(Value all, Value pixel, Value tapWeight) {
    switch (op.getReduction()) {
      case Reduction::max: return builder.create<arith::MaximumFOp>(loc, all, pixel);
      case Reduction::sum: return builder.create<arith::AddFOp>(loc, all, pixel);
      case Reduction::weighted: return builder.create<vector::FMAOp>(loc, pixel, tapWeight, all);
    }
    llvm_unreachable("not a reduction");
  }

  /// Combines tap (line, column) of the windows that begin at `first`.
  void addTap(llvm::MutableArrayRef<Value> all, Value first, Value line, Value column, Value channel, int64_t lanes,
              int64_t live) {
    Value tapWeight;
    if (weight) {
      Value tap = plusTimes(column, line, window.getKernelW());
      tapWeight = context.load(loc, *weight, context.index(0, loc), plusTimes(channel, tap, sizes[2]), lanes, live);
    }
    Value at = plusTimes(plusTimes(channel, column, window.getDilationW() * sizes[2]), line,
                         window.getDilationH() * lineOfInput);
    for (size_t i = 0; i < all.size(); ++i) {
      Value pixel = context.load(loc, input, plus(first, static_cast<int64_t>(i)), at, lanes, live);
      all[i] = all[i] ? combine(all[i], pixel, tapWeight) : pixel;
    }
  }

  void emitWindows(Value first, int64_t count, Value channel, int64_t live) {
    // No more lanes than there are channels, but at least four. LLVM makes four of fewer, with anything in the others.
    const int64_t lanes = smallestRegister(live, context.features.lanes);
    llvm::SmallVector<Value> all(static_cast<size_t>(count));
    if (weight)
      all.assign(all.size(), bias ? context.load(loc, *bias, context.index(0, loc), channel, lanes, live)
                                  : context.splat(loc, 0.0f, lanes));
    if (window.getTaps() <= kMostUnrolledTaps) {
      for (int64_t line = 0; line < window.getKernelH(); ++line)
        for (int64_t column = 0; column < window.getKernelW(); ++column)
          addTap(all, first, context.index(line, loc), context.index(column, loc), channel, lanes, live);
    } else {
      addInLoops(all, first, channel, lanes, live);
    }
    finish(all, first, channel, lanes, live);
  }

  /// Loops over the lines of the window and over the pixels of each.
  void addInLoops(llvm::SmallVector<Value> &all, Value first, Value channel, int64_t lanes, int64_t live) {
    if (!weight) {  // begin with a value that changes nothing
      const float neutral = op.getReduction() == Reduction::max ? -std::numeric_limits<float>::infinity() : 0.0f;
      all.assign(all.size(), context.splat(loc, neutral, lanes));
    }
    context.forEach(loc, window.getKernelH(), 1, all, [&](Value line) {
      context.forEach(loc, window.getKernelW(), 1, all,
                      [&](Value column) { addTap(all, first, line, column, channel, lanes, live); });
    });
  }

  void finish(llvm::ArrayRef<Value> all, Value first, Value channel, int64_t lanes, int64_t live) {
    VectorBuilder::Vectors sums(all.begin(), all.end());
    const auto row = [&](size_t i) { return plus(first, static_cast<int64_t>(i)); };
    if (!op.getEpilogue().empty()) {
      llvm::SmallVector<VectorBuilder::Vectors> arguments = {sums};
      for (const RowView &extra : extras) {
        VectorBuilder::Vectors &loaded = arguments.emplace_back();
        for (size_t i = 0; i < all.size(); ++i)
          loaded.push_back(context.load(loc, extra, row(i), channel, lanes, live));
      }
      sums = context.inlineProgram(op.getEpilogue(), arguments, lanes, elementsOf(op.getResult()));
    }
    for (auto [i, sum] : llvm::enumerate(sums)) context.store(loc, result, row(i), channel, sum, live);
  }
};

}  // namespace

void emitWindow(WindowOp op, KernelContext &context, ViewLookup views) { WindowEmitter(op, context, views).run(); }

}  // namespace inlay::compiler
