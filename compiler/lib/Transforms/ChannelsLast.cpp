// SPDX-License-Identifier: Apache-2.0
// Puts the channels of images last, where kernels want them, and pads images.
#include "Inlay/Dialect/TensorEmitter.h"
#include "Inlay/Transforms/Passes.h"
#include "ScalarProgram.h"
#include "inlay/ops/reduce.hpp"
#include "llvm/ADT/TypeSwitch.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace inlay::compiler {

#define GEN_PASS_DEF_CHANNELSLASTPASS
#include "Inlay/Transforms/Passes.h.inc"

namespace {

using mlir::PatternRewriter;
using mlir::Value;

mlir::RankedTensorType typeOf(Value value) { return llvm::cast<mlir::RankedTensorType>(value.getType()); }
int64_t sizeOf(Value value, unsigned axis) { return typeOf(value).getDimSize(axis); }

constexpr int64_t kToLast[] = {1, 2, 0};   // [C, H, W] to [H, W, C]
constexpr int64_t kToFirst[] = {2, 0, 1};  // and back

/// Emits ops on images.
struct ImageEmitter : TensorEmitter {
  /// An operand of lower rank, with the axes that broadcasting adds.
  Value withRank3(Value x) {
    Sizes sizes(3, 1);
    llvm::ArrayRef<int64_t> own = typeOf(x).getShape().take_back(3);
    llvm::copy(own, llvm::MutableArrayRef(sizes).take_back(own.size()).begin());
    return reshape(x, sizes);
  }
  Value concat(llvm::ArrayRef<Value> pieces, unsigned axis) {
    if (pieces.size() == 1) return pieces.front();
    Sizes sizes(typeOf(pieces.front()).getShape());
    sizes[axis] = 0;
    for (Value piece : pieces) sizes[axis] += sizeOf(piece, axis);
    return rewriter.create<ConcatOp>(loc, tensor(sizes), pieces, axis);
  }
  /// An image [H, W, C] with `value` around it.
  Value pad(Value x, int64_t top, int64_t left, int64_t bottom, int64_t right, float value) {
    if (top + left + bottom + right == 0) return x;
    Sizes sizes(typeOf(x).getShape());
    sizes[0] += top + bottom, sizes[1] += left + right;
    return rewriter.create<PadOp>(loc, tensor(sizes), x, rewriter.getDenseI64ArrayAttr({top, left, 0}),
                                  rewriter.getDenseI64ArrayAttr({bottom, right, 0}), rewriter.getF32FloatAttr(value));
  }
};

/// A convolution of an image with its channels last. With groups it is a convolution of each, or one window where every
/// channel is a group of its own.
struct MoveConvolution : mlir::OpRewritePattern<Conv2dOp> {
  using OpRewritePattern::OpRewritePattern;

  mlir::LogicalResult matchAndRewrite(Conv2dOp conv, PatternRewriter &rewriter) const override {
    ImageEmitter emit{{rewriter, conv.getLoc()}};
    Value weight = conv.getWeight();
    const int64_t channels = sizeOf(conv.getInput(), 0), groups = number(conv.getGroups());
    const WindowAttr window = windowOf(conv, sizeOf(weight, 2), sizeOf(weight, 3));
    Value x =
        emit.pad(emit.permute(conv.getInput(), kToLast), number(conv.getPaddingTop()), number(conv.getPaddingLeft()),
                 number(conv.getPaddingBottom()), number(conv.getPaddingRight()), 0);
    Sizes sizes = {sizeOf(conv.getResult(), 1), sizeOf(conv.getResult(), 2), sizeOf(conv.getResult(), 0)};
    llvm::SmallVector<Value> extras;
    for (Value extra : conv.getExtras()) extras.push_back(emit.permute(emit.withRank3(extra), kToLast));
    Value result;
    if (groups == 1) {
      auto whole = rewriter.create<Conv2dNhwcOp>(conv.getLoc(), emit.tensor(sizes), conv.getLayerAttr(), x, weight,
                                                 conv.getBias(), extras, window);
      whole.getEpilogue().takeBody(conv.getEpilogue());
      result = whole;
    } else if (groups == channels && sizes[2] == channels) {
      Value taps = emit.permute(emit.reshape(weight, {channels, window.getTaps()}), {1, 0});
      auto depthwise = rewriter.create<WindowOp>(conv.getLoc(), emit.tensor(sizes), Reduction::weighted, x, taps,
                                                 conv.getBias(), extras, window, conv.getLayerAttr());
      depthwise.getEpilogue().takeBody(conv.getEpilogue());
      result = depthwise;
    } else {
      result = grouped(conv, emit, x, sizes, window, extras);
    }
    rewriter.replaceOp(conv, emit.permute(result, kToFirst));
    return mlir::success();
  }

 private:
  /// A convolution for each group, side by side. The epilogue becomes a map of its own.
  static Value grouped(Conv2dOp conv, ImageEmitter &emit, Value x, llvm::ArrayRef<int64_t> sizes, WindowAttr window,
                       llvm::ArrayRef<Value> extras) {
    const int64_t groups = number(conv.getGroups());
    const int64_t inputs = sizeOf(x, 2) / groups, outputs = sizes[2] / groups;
    const Sizes each = {sizes[0], sizes[1], outputs};
    llvm::SmallVector<Value> pieces;
    for (int64_t group = 0; group < groups; ++group)
      pieces.push_back(emit.rewriter.create<Conv2dNhwcOp>(
          emit.loc, emit.tensor(each), conv.getLayerAttr(), emit.slice(x, 2, group * inputs, inputs),
          emit.slice(conv.getWeight(), 0, group * outputs, outputs),
          conv.getBias() ? emit.slice(conv.getBias(), 0, group * outputs, outputs) : Value(), mlir::ValueRange(),
          window));
    Value all = emit.concat(pieces, 2);
    if (conv.getEpilogue().empty()) return all;
    llvm::SmallVector<Value> operands = {all};
    operands.append(extras.begin(), extras.end());
    auto map = emit.rewriter.create<MapOp>(emit.loc, all.getType(), operands);
    map.getBody().takeBody(conv.getEpilogue());
    return map;
  }
};

/// Windows over an image with its channels last, of which `ceil_mode` may add pixels behind the padding.
template <class Op>
Value pooled(Op pool, Reduction reduction, float outside, ImageEmitter &emit) {
  const WindowAttr window = windowOf(pool, number(pool.getKernelH()), number(pool.getKernelW()));
  Value x = emit.permute(pool.getInput(), kToLast);
  const Sizes sizes = {sizeOf(pool.getResult(), 1), sizeOf(pool.getResult(), 2), sizeOf(pool.getResult(), 0)};
  const auto after = [&](int64_t windows, int64_t stride, int64_t kernel, int64_t dilation, int64_t size,
                         int64_t before) {
    return std::max<int64_t>(0, WindowAttr::covered(windows, kernel, stride, dilation) - size - before);
  };
  x = emit.pad(x, number(pool.getPaddingTop()), number(pool.getPaddingLeft()),
               after(sizes[0], window.getStrideH(), window.getKernelH(), window.getDilationH(), sizeOf(x, 0),
                     number(pool.getPaddingTop())),
               after(sizes[1], window.getStrideW(), window.getKernelW(), window.getDilationW(), sizeOf(x, 1),
                     number(pool.getPaddingLeft())),
               outside);
  return emit.rewriter.create<WindowOp>(emit.loc, emit.tensor(sizes), reduction, x, Value(), Value(),
                                        mlir::ValueRange(), window, mlir::StringAttr());
}

struct MoveMaxPool : mlir::OpRewritePattern<MaxPoolOp> {
  using OpRewritePattern::OpRewritePattern;

  mlir::LogicalResult matchAndRewrite(MaxPoolOp pool, PatternRewriter &rewriter) const override {
    ImageEmitter emit{{rewriter, pool.getLoc()}};
    Value result = pooled(pool, Reduction::max, -std::numeric_limits<float>::infinity(), emit);
    rewriter.replaceOp(pool, emit.permute(result, kToFirst));
    return mlir::success();
  }
};

/// The mean is a sum, which the epilogue divides by the number of pixels that count.
struct MoveAvgPool : mlir::OpRewritePattern<AvgPoolOp> {
  using OpRewritePattern::OpRewritePattern;

  mlir::LogicalResult matchAndRewrite(AvgPoolOp pool, PatternRewriter &rewriter) const override {
    ImageEmitter emit{{rewriter, pool.getLoc()}};
    auto sum = pooled(pool, Reduction::sum, 0, emit).getDefiningOp<WindowOp>();
    const auto [rows, columns] = countsOf(pool);
    const bool all = llvm::all_equal(rows) && llvm::all_equal(columns);
    ProgramBuilder program(rewriter, sum.getEpilogue(), /*fixed=*/1, pool.getLoc());
    Value count = all ? Value() : program.scalarOf(countsAsImage(rows, columns, sum, emit));
    {
      mlir::OpBuilder::InsertionGuard guard(rewriter);
      rewriter.setInsertionPointToEnd(&program.getBlock());
      if (all)
        count = rewriter.create<mlir::arith::ConstantOp>(
            pool.getLoc(), rewriter.getF32FloatAttr(static_cast<float>(rows.front() * columns.front())));
      program.yield(rewriter.create<mlir::arith::DivFOp>(pool.getLoc(), program.getBlock().getArgument(0), count));
    }
    sum.getExtrasMutable().assign(program.getOperands());
    rewriter.replaceOp(pool, emit.permute(sum, kToFirst));
    return mlir::success();
  }

 private:
  /// How many rows and columns of pixels count in each window.
  static std::pair<Sizes, Sizes> countsOf(AvgPoolOp pool) {
    const auto along = [&](unsigned axis, uint64_t kernel, uint64_t stride, uint64_t before, uint64_t after) {
      const int64_t size = sizeOf(pool.getInput(), axis), first = static_cast<int64_t>(before);
      const int64_t begin = pool.getCountIncludePad() ? -first : 0;
      const int64_t end = pool.getCountIncludePad() ? size + static_cast<int64_t>(after) : size;
      Sizes counts;
      for (int64_t window = 0; window < sizeOf(pool.getResult(), axis); ++window) {
        const int64_t from = window * static_cast<int64_t>(stride) - first;
        counts.push_back(std::min(from + static_cast<int64_t>(kernel), end) - std::max(from, begin));
      }
      return counts;
    };
    return {along(1, pool.getKernelH(), pool.getStrideH(), pool.getPaddingTop(), pool.getPaddingBottom()),
            along(2, pool.getKernelW(), pool.getStrideW(), pool.getPaddingLeft(), pool.getPaddingRight())};
  }

  /// The counts as an image of one channel.
  static Value countsAsImage(const Sizes &rows, const Sizes &columns, Value like, ImageEmitter &emit) {
    std::vector<float> counts;
    for (int64_t row : rows)
      for (int64_t column : columns) counts.push_back(static_cast<float>(row * column));
    mlir::OpBuilder::InsertionGuard guard(emit.rewriter);
    emit.rewriter.setInsertionPoint(like.getDefiningOp());
    auto type = emit.tensor({sizeOf(like, 0), sizeOf(like, 1), 1});
    auto elements = mlir::DenseElementsAttr::get(type, llvm::ArrayRef(counts));
    return emit.rewriter.create<ConstantOp>(emit.loc, type, mlir::StringAttr(), elements);
  }
};

/// The shape of an image [C, H, W], or of a signal [C, L] as an image of one line.
Sizes asImage(llvm::ArrayRef<int64_t> shape) { return shape.size() == 2 ? Sizes{shape[0], 1, shape[1]} : Sizes(shape); }

/// The axis of [H, W, C] for each axis of an image [C, H, W] or of a signal [C, L].
Sizes axesWithChannelsLast(int64_t rank) { return rank == 2 ? Sizes{2, 1} : Sizes(llvm::ArrayRef(kToFirst)); }

/// The op on an image with its channels last, whose axis `axes[i]` is axis i of the op's operand.
Value onImage(SliceOp slice, Value image, llvm::ArrayRef<int64_t> axes, ImageEmitter &emit) {
  return emit.slice(image, static_cast<unsigned>(axes[slice.getAxis()]), number(slice.getStart()),
                    number(slice.getLength()));
}
Value onImage(PadOp pad, Value image, llvm::ArrayRef<int64_t> axes, ImageEmitter &emit) {
  Sizes sizes(typeOf(image).getShape()), low(3, 0), high(3, 0);
  for (auto [axis, before, after] : llvm::zip_equal(axes, pad.getLow(), pad.getHigh())) {
    const auto place = static_cast<size_t>(axis);
    low[place] = before, high[place] = after, sizes[place] += before + after;
  }
  return emit.rewriter.create<PadOp>(emit.loc, emit.tensor(sizes), image, emit.rewriter.getDenseI64ArrayAttr(low),
                                     emit.rewriter.getDenseI64ArrayAttr(high), pad.getValueAttr());
}
Value onImage(ResampleOp resample, Value image, llvm::ArrayRef<int64_t> axes, ImageEmitter &emit) {
  Sizes sizes(typeOf(image).getShape());
  const int64_t axis = axes[resample.getAxis()];
  sizes[static_cast<size_t>(axis)] = sizeOf(resample.getResult(), static_cast<unsigned>(resample.getAxis()));
  return emit.rewriter.create<ResampleOp>(emit.loc, emit.tensor(sizes), image, resample.getWeight(), axis,
                                          resample.getSources());
}

/// A permutation of what an op makes of an image becomes a permutation of the image, if the op makes it larger.
template <class Op>
struct PermuteEarlier : mlir::OpRewritePattern<Op> {
  using mlir::OpRewritePattern<Op>::OpRewritePattern;

  mlir::LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    mlir::Operation *user = op->hasOneUse() ? *op->user_begin() : nullptr;
    const bool reshaped = user && llvm::isa<ReshapeOp>(user) && user->hasOneUse();
    auto permute = llvm::dyn_cast_if_present<PermuteOp>(reshaped ? *user->user_begin() : user);
    if (!permute || permute.getAxes() != llvm::ArrayRef(kToLast) ||
        elementsOf(op.getResult()) < elementsOf(op.getInput()))
      return rewriter.notifyMatchFailure(op, "the result is not permuted, or smaller than the operand");
    const int64_t rank = typeOf(op.getInput()).getRank();
    if ((rank != 2 && rank != 3) ||
        typeOf(permute.getInput()).getShape() != llvm::ArrayRef(asImage(typeOf(op.getResult()).getShape())))
      return rewriter.notifyMatchFailure(op, "neither an image nor a signal");
    ImageEmitter emit{{rewriter, op.getLoc()}};
    Value image = emit.permute(emit.reshape(op.getInput(), asImage(typeOf(op.getInput()).getShape())), kToLast);
    rewriter.replaceOp(permute, onImage(op, image, axesWithChannelsLast(rank), emit));
    return mlir::success();
  }
};

/// Moves permutations that put channels first below what reads them, in the order of the ops: map(permute(x), y)
/// becomes permute(map(x, permute(y))). There they meet their inverses.
class PermutationSinker {
 public:
  explicit PermutationSinker(mlir::func::FuncOp function) : function(function), rewriter(function.getContext()) {}

  void run() {
    for (mlir::Operation &op : llvm::make_early_inc_range(function.front())) {
      rewriter.setInsertionPoint(&op);
      llvm::TypeSwitch<mlir::Operation *>(&op)
          .Case([&](MapOp map) { sinkBelow(map); })
          .Case([&](ConcatOp concat) { sinkBelow(concat); })
          .Case<SliceOp, PadOp, ResampleOp>([&](auto each) { sinkBelowImageOp(each); })
          .Case([&](ReduceOp reduce) { sinkBelow(reduce); })
          .Case([&](NormalizeOp normalize) { sinkBelow(normalize); });
    }
  }

 private:
  mlir::func::FuncOp function;
  mlir::IRRewriter rewriter;

  /// The permutation that puts the channels of `image` first, perhaps in front of a reshape; or null.
  static PermuteOp movedImage(Value image) {
    if (auto reshape = image.getDefiningOp<ReshapeOp>()) image = reshape.getInput();
    auto permute = image.getDefiningOp<PermuteOp>();
    return permute && permute.getAxes() == llvm::ArrayRef(kToFirst) ? permute : PermuteOp();
  }

  /// `value` as an image of the shape [C, H, W], with its channels last.
  static Value withChannelsLast(Value value, llvm::ArrayRef<int64_t> shape, ImageEmitter &emit) {
    if (PermuteOp moved = movedImage(value); moved && moved.getType().getShape() == shape) return moved.getInput();
    return emit.permute(emit.reshape(value, shape), kToLast);
  }

  void sinkBelow(MapOp map) {
    PermuteOp moved;
    for (Value operand : map.getInputs())
      if (!moved && elementsOf(operand) == elementsOf(map.getResult())) moved = movedImage(operand);
    if (!moved) return;
    const auto isWhole = [&](Value operand) { return elementsOf(operand) == elementsOf(map.getResult()); };
    const bool reshaped = typeOf(map).getShape() != moved.getType().getShape();
    if (reshaped &&
        llvm::any_of(map.getInputs(), [&](Value operand) { return !isWhole(operand) && elementsOf(operand) > 1; }))
      return;  // an operand is broadcast to another shape than the image's
    ImageEmitter emit{{rewriter, map.getLoc()}};
    llvm::SmallVector<Value> operands;
    for (Value operand : map.getInputs()) {
      if (isWhole(operand))
        operand = withChannelsLast(operand, moved.getType().getShape(), emit);
      else if (elementsOf(operand) > 1)
        operand = emit.permute(emit.withRank3(operand), kToLast);
      operands.push_back(operand);
    }
    auto below = rewriter.create<MapOp>(map.getLoc(), moved.getInput().getType(), operands);
    below.getBody().takeBody(map.getBody());
    rewriter.replaceOp(map, emit.reshape(emit.permute(below, kToFirst), typeOf(map).getShape()));
  }

  /// Whether `value` is an image whose channels a permutation has put first, or a signal made of such an image.
  static bool isMoved(Value value) {
    PermuteOp moved = movedImage(value);
    return moved && moved.getType().getShape() == llvm::ArrayRef(asImage(typeOf(value).getShape()));
  }

  /// Replaces `op` by an image with its channels last.
  void replace(mlir::Operation *op, Value image, ImageEmitter &emit) {
    rewriter.replaceOp(op, emit.reshape(emit.permute(image, kToFirst), typeOf(op->getResult(0)).getShape()));
  }

  void sinkBelow(ConcatOp concat) {
    if (llvm::none_of(concat.getInputs(), isMoved)) return;
    ImageEmitter emit{{rewriter, concat.getLoc()}};
    llvm::SmallVector<Value> pieces;
    for (Value piece : concat.getInputs())
      pieces.push_back(withChannelsLast(piece, asImage(typeOf(piece).getShape()), emit));
    const Sizes axes = axesWithChannelsLast(typeOf(concat).getRank());
    replace(concat, emit.concat(pieces, static_cast<unsigned>(axes[concat.getAxis()])), emit);
  }

  template <class Op>
  void sinkBelowImageOp(Op op) {
    if (!isMoved(op.getInput())) return;
    ImageEmitter emit{{rewriter, op.getLoc()}};
    Value image = movedImage(op.getInput()).getInput();
    replace(op, onImage(op, image, axesWithChannelsLast(typeOf(op.getInput()).getRank()), emit), emit);
  }

  void sinkBelow(NormalizeOp normalize) {
    auto moved = normalize.getInput().getDefiningOp<PermuteOp>();
    if (!moved || !movedImage(moved)) return;
    ImageEmitter emit{{rewriter, normalize.getLoc()}};
    llvm::SmallVector<Value> extras;
    for (Value extra : normalize.getExtras())
      extras.push_back(extra.getType() == normalize.getType()
                           ? withChannelsLast(extra, moved.getType().getShape(), emit)
                           : Value(emit.permute(emit.withRank3(extra), kToLast)));
    auto below = rewriter.create<NormalizeOp>(normalize.getLoc(), moved.getInput().getType(), moved.getInput(), extras,
                                              normalize.getAxis(), normalize.getGroups(), normalize.getEps(),
                                              normalize.getCentred(), /*channels_last=*/true);
    below.getEpilogue().takeBody(normalize.getEpilogue());
    rewriter.replaceOp(normalize, emit.permute(below, kToFirst));
  }

  /// Reduces the same axes at their places, and moves those of the result, which has fewer elements.
  void sinkBelow(ReduceOp reduce) {
    auto moved = reduce.getInput().getDefiningOp<PermuteOp>();
    if (!moved || !movedImage(moved)) return;
    uint64_t axes = 0;
    Sizes sizes(sizesOf(moved.getInput()));
    for (size_t axis = 0; axis < 3; ++axis) {
      if ((reduce.getAxes() >> axis & 1) == 0) continue;
      axes |= uint64_t{1} << kToFirst[axis];
      sizes[static_cast<size_t>(kToFirst[axis])] = 1;
    }
    // Places along the channels and another axis count in the order of the axes.
    const bool channelsAndMore = (reduce.getAxes() & 1) != 0 && reduce.getAxes() != 1;
    if (reduce.getKind() == static_cast<uint64_t>(ops::reduction::argmax) && channelsAndMore) return;
    ImageEmitter emit{{rewriter, reduce.getLoc()}};
    Value below = rewriter.create<ReduceOp>(reduce.getLoc(), emit.tensor(sizes), moved.getInput(), reduce.getKind(),
                                            axes, /*keepdim=*/1);
    rewriter.replaceOp(reduce, emit.reshape(emit.permute(below, kToFirst), typeOf(reduce).getShape()));
  }
};

/// A dense layer on a flattened image: its weights change places instead.
struct PermuteWeights : mlir::OpRewritePattern<DenseOp> {
  using OpRewritePattern::OpRewritePattern;

  mlir::LogicalResult matchAndRewrite(DenseOp dense, PatternRewriter &rewriter) const override {
    auto flat = dense.getInput().getDefiningOp<ReshapeOp>();
    auto moved = flat ? flat.getInput().getDefiningOp<PermuteOp>() : PermuteOp();
    if (!moved || !dense.getWeight().getDefiningOp<ConstantOp>())
      return rewriter.notifyMatchFailure(dense, "the input is no flattened image, or the weights are no constant");
    ImageEmitter emit{{rewriter, dense.getLoc()}};
    Sizes sizes = {sizeOf(dense.getWeight(), 0)};
    llvm::append_range(sizes, moved.getType().getShape());
    Sizes axes = {0};
    for (int64_t axis : mlir::invertPermutationVector(moved.getAxes())) axes.push_back(axis + 1);
    Value weight = emit.permute(emit.reshape(dense.getWeight(), sizes), axes);
    rewriter.modifyOpInPlace(dense, [&] {
      dense.getInputMutable().assign(emit.reshape(moved.getInput(), typeOf(flat).getShape()));
      dense.getWeightMutable().assign(emit.reshape(weight, typeOf(dense.getWeight()).getShape()));
    });
    return mlir::success();
  }
};

struct ChannelsLastPass : impl::ChannelsLastPassBase<ChannelsLastPass> {
  void runOnOperation() override {
    mlir::RewritePatternSet moves(&getContext()), rest(&getContext());
    moves.add<MoveConvolution, MoveMaxPool, MoveAvgPool>(&getContext());
    if (mlir::failed(mlir::applyPatternsAndFoldGreedily(getOperation(), std::move(moves)))) return signalPassFailure();
    PermutationSinker(getOperation()).run();
    rest.add<PermuteWeights, PermuteEarlier<PadOp>, PermuteEarlier<ResampleOp>>(&getContext());
    PermuteOp::getCanonicalizationPatterns(rest, &getContext());
    if (mlir::failed(mlir::applyPatternsAndFoldGreedily(getOperation(), std::move(rest)))) signalPassFailure();
  }
};

}  // namespace
}  // namespace inlay::compiler
