// SPDX-License-Identifier: Apache-2.0
// The gradient of max_pool. The channels of an image lie in the lanes.
#include "Kernel/KernelContext.h"

namespace inlay::compiler {

namespace arith = mlir::arith;
using mlir::Location;
using mlir::Value;

namespace {

/// A window of more taps is a loop over its lines.
constexpr int64_t kMostUnrolledTaps = 25;

class MaxPoolGradientEmitter {
 public:
  MaxPoolGradientEmitter(MaxPoolGradientOp op, KernelContext &context, ViewLookup views)
      : context(context),
        builder(context.builder),
        loc(op.getLoc()),
        window(op.getWindow()),
        image(sizesOf(op.getInput())),
        windows(sizesOf(op.getLargest())),
        channels(image[2]),
        gradient(views(op.getGradient())),
        largest(views(op.getLargest())),
        input(views(op.getInput())),
        result(views(op.getResult())) {
    // Pixels are not stored in their order: no store may reach beyond its own.
    result.padded = false;
    const int64_t height = WindowAttr::covered(1, window.getKernelH(), window.getStrideH(), window.getDilationH());
    const int64_t width = WindowAttr::covered(1, window.getKernelW(), window.getStrideW(), window.getDilationW());
    overlap = window.getStrideH() < height || window.getStrideW() < width;
    covers = !overlap && height == window.getKernelH() && width == window.getKernelW() &&
             windows[0] * height == image[0] && windows[1] * width == image[1];
  }

  void run() {
    context.forEachRow(loc, [&](Value row) {
      if (!covers)
        context.forEachVector(loc, result.elements, [&](Value column, int64_t live) {
          context.store(loc, result, row, column, context.splat(loc, 0, context.features.lanes), live);
        });
      context.forEach(loc, windows[0], 1, [&](Value i) {
        context.forEach(loc, windows[1], 1, [&](Value j) {
          context.forEachVector(loc, channels,
                                [&](Value channel, int64_t live) { emitWindow(row, i, j, channel, live); });
        });
      });
    });
  }

 private:
  KernelContext &context;
  mlir::OpBuilder &builder;
  const Location loc;
  const WindowAttr window;
  const llvm::ArrayRef<int64_t> image, windows;
  const int64_t channels;
  const RowView gradient, largest, input;
  RowView result;
  bool overlap;  // a pixel may belong to several windows
  bool covers;   // each pixel belongs to one

  /// The channels from `channel` on of window (i, j).
  void emitWindow(Value row, Value i, Value j, Value channel, int64_t live) {
    const int64_t lanes = std::min<int64_t>(context.features.lanes,
                                            static_cast<int64_t>(llvm::PowerOf2Ceil(static_cast<uint64_t>(live))));
    const auto place = [&](Value line, Value column, int64_t width) {
      return context.plusTimes(loc, context.plusTimes(loc, channel, column, channels), line, width * channels);
    };
    Value at = place(i, j, windows[1]);
    Value most = context.load(loc, largest, row, at, lanes, live);
    // What is left of the gradient: all of it up to the first pixel that is the largest, and then nothing.
    llvm::SmallVector<Value> left = {context.load(loc, gradient, row, at, lanes, live)};
    Value top = context.times(loc, i, window.getStrideH()), edge = context.times(loc, j, window.getStrideW());
    const auto give = [&](Value line, Value column) {
      Value under = place(context.plusTimes(loc, top, line, window.getDilationH()),
                          context.plusTimes(loc, edge, column, window.getDilationW()), image[1]);
      Value pixel = context.load(loc, input, row, under, lanes, live), zero = context.splat(loc, 0, lanes);
      // Where a pixel is NaN the first one gets the gradient, which is NaN, too.
      Value isLargest = builder.create<arith::CmpFOp>(loc, arith::CmpFPredicate::UGE, pixel, most);
      Value taken = builder.create<arith::SelectOp>(loc, isLargest, left.front(), zero);
      left.front() = builder.create<arith::SelectOp>(loc, isLargest, zero, left.front());
      if (overlap)
        taken = builder.create<arith::AddFOp>(loc, context.load(loc, result, row, under, lanes, live), taken);
      context.store(loc, result, row, under, taken, live);
    };
    if (window.getTaps() <= kMostUnrolledTaps) {
      for (int64_t line = 0; line < window.getKernelH(); ++line)
        for (int64_t column = 0; column < window.getKernelW(); ++column)
          give(context.index(line, loc), context.index(column, loc));
    } else {
      context.forEach(loc, window.getKernelH(), 1, left, [&](Value line) {
        context.forEach(loc, window.getKernelW(), 1, left, [&](Value column) { give(line, column); });
      });
    }
  }
};

}  // namespace

void emitMaxPoolGradient(MaxPoolGradientOp op, KernelContext &context, ViewLookup views) {
  MaxPoolGradientEmitter(op, context, views).run();
}

}  // namespace inlay::compiler
