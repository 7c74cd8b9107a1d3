// SPDX-License-Identifier: Apache-2.0
// The gradients of convolutions, pools and resampling. Images are [C, H, W], as the import makes them; what has to be
// in the order of kernels, [H, W, C], is permuted here, and the layout phase cancels these permutations.
#include "Gradients.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

namespace inlay::compiler {

using mlir::failure;
using mlir::Location;
using mlir::LogicalResult;
using mlir::success;
using mlir::Value;

namespace {

constexpr int64_t kToLast[] = {1, 2, 0};   // [C, H, W] to [H, W, C]
constexpr int64_t kToFirst[] = {2, 0, 1};  // and back

Value permuted(Value image, llvm::ArrayRef<int64_t> axes, mlir::OpBuilder &builder, Location loc) {
  const llvm::SmallVector<int64_t> sizes = mlir::applyPermutation(sizesOf(image), axes);
  return builder.create<PermuteOp>(loc, typeOf(image).clone(sizes), image, axes);
}

/// What each index of a resampled axis is made of.
struct Term {
  int64_t source;
  float weight;
};
using Terms = std::vector<llvm::SmallVector<Term>>;

/// `value` with each index along `axis` made of `terms`.
Value resampled(Value value, int64_t axis, const Terms &terms, mlir::OpBuilder &builder, Location loc) {
  size_t most = 1;
  for (const auto &each : terms) most = std::max(most, each.size());
  llvm::SmallVector<int64_t> sources, sizes(sizesOf(value));
  std::vector<float> weights;
  for (const auto &each : terms)
    for (size_t i = 0; i < most; ++i) {
      sources.push_back(i < each.size() ? each[i].source : -1);
      weights.push_back(i < each.size() ? each[i].weight : 0);
    }
  sizes[static_cast<size_t>(axis)] = static_cast<int64_t>(terms.size());
  auto type = mlir::RankedTensorType::get({static_cast<int64_t>(terms.size()), static_cast<int64_t>(most)},
                                          builder.getF32Type());
  Value weight = builder.create<ConstantOp>(loc, type, mlir::StringAttr(),
                                            mlir::DenseElementsAttr::get(type, llvm::ArrayRef<float>(weights)));
  return builder.create<ResampleOp>(loc, typeOf(value).clone(sizes), value, weight, axis, sources);
}

/// Puts `step - 1` zeros between the indices of an axis, so that a convolution with this stride is one without.
Value spread(Value value, int64_t axis, int64_t step, mlir::OpBuilder &builder, Location loc) {
  if (step == 1) return value;
  const int64_t size = sizesOf(value)[static_cast<size_t>(axis)];
  Terms terms(static_cast<size_t>((size - 1) * step + 1));
  for (int64_t i = 0; i < size; ++i) terms[static_cast<size_t>(i * step)] = {{i, 1.0f}};
  return resampled(value, axis, terms, builder, loc);
}

}  // namespace

// dx is the convolution of dy with the adjoint weight, where a stride has put zeros between dy's pixels, and a border
// around it. dW sums the products of dy with the windows of x.
LogicalResult GradientBuilder::rule(Conv2dOp op, Value dy) {
  Location loc = op.getLoc();
  Value x = op.getInput(), weight = op.getWeight();
  const auto attribute = [](uint64_t value) { return static_cast<int64_t>(value); };
  if (op.getGroups() != 1) {
    mlir::emitError(loc) << describe(op) << "a convolution with groups has no compiled gradient yet";
    return failure();
  }
  if (op.getBias() && active.contains(op.getBias()))
    add(op.getBias(), sumAlong(dy, 0b110, /*keepdim=*/false, builder, loc));
  llvm::ArrayRef<int64_t> kernel = sizesOf(weight);
  if (active.contains(x)) {
    Value wide = spread(dy, 1, attribute(op.getStrideH()), builder, loc);
    wide = spread(wide, 2, attribute(op.getStrideW()), builder, loc);
    const int64_t reachH = (kernel[2] - 1) * attribute(op.getDilationH());
    const int64_t reachW = (kernel[3] - 1) * attribute(op.getDilationW());
    const int64_t top = reachH - attribute(op.getPaddingTop()), left = reachW - attribute(op.getPaddingLeft());
    const int64_t bottom = sizesOf(x)[1] - sizesOf(wide)[1] - top + reachH;
    const int64_t right = sizesOf(x)[2] - sizesOf(wide)[2] - left + reachW;
    if (top < 0 || left < 0 || bottom < 0 || right < 0) {
      mlir::emitError(loc) << describe(op) << "padding beyond the kernel's reach has no compiled gradient yet";
      return failure();
    }
    llvm::SmallVector<int64_t> turned(kernel);
    std::swap(turned[0], turned[1]);
    Value adjoint = builder.create<AdjointOp>(loc, typeOf(weight).clone(turned), weight);
    auto back = builder.create<Conv2dOp>(loc, x.getType(), builder.getStringAttr(op.getLayer() + ".gradient"), wide,
                                         adjoint, Value(), mlir::ValueRange(), /*stride_h=*/1, /*stride_w=*/1, top,
                                         left, bottom, right, op.getDilationH(), op.getDilationW(), /*groups=*/1);
    add(x, back.getResult());
  }
  if (!active.contains(weight)) return success();
  Value image = permuted(x, kToLast, builder, loc);
  const int64_t low[] = {attribute(op.getPaddingTop()), attribute(op.getPaddingLeft()), 0};
  const int64_t high[] = {attribute(op.getPaddingBottom()), attribute(op.getPaddingRight()), 0};
  if (low[0] + low[1] + high[0] + high[1] > 0) {
    llvm::SmallVector<int64_t> sizes(sizesOf(image));
    for (size_t axis = 0; axis < 3; ++axis) sizes[axis] += low[axis] + high[axis];
    image = builder.create<PadOp>(loc, typeOf(image).clone(sizes), image, builder.getDenseI64ArrayAttr(low),
                                  builder.getDenseI64ArrayAttr(high), builder.getF32FloatAttr(0));
  }
  const auto window =
      WindowAttr::get(op.getContext(), kernel[2], kernel[3], attribute(op.getStrideH()), attribute(op.getStrideW()),
                      attribute(op.getDilationH()), attribute(op.getDilationW()));
  return addProduct(op, weight, permuted(dy, kToLast, builder, loc), image, window);
}

// The pixels of a window that are its largest share dy. With windows side by side, a window is two axes of a view.
LogicalResult GradientBuilder::rule(MaxPoolOp op, Value dy) {
  Location loc = op.getLoc();
  Value x = op.getInput(), y = op.getResult();
  const auto kernelH = static_cast<int64_t>(op.getKernelH()), kernelW = static_cast<int64_t>(op.getKernelW());
  const int64_t height = sizesOf(y)[1], width = sizesOf(y)[2], channels = sizesOf(y)[0];
  const bool sideBySide = op.getStrideH() == op.getKernelH() && op.getStrideW() == op.getKernelW() &&
                          op.getDilationH() == 1 && op.getDilationW() == 1 && op.getPaddingTop() == 0 &&
                          op.getPaddingLeft() == 0 && height * kernelH == sizesOf(x)[1] &&
                          width * kernelW == sizesOf(x)[2];
  if (!sideBySide) {
    mlir::emitError(loc)
        << describe(op)
        << "max_pool has a compiled gradient only if its windows lie side by side and cover the image: "
           "a stride as large as the window, no padding, and sizes that are multiples of it";
    return failure();
  }
  const auto view = [&](Value image, int64_t inH, int64_t inW) {
    mlir::Type type = typeOf(image).clone({height, inH, width, inW, channels});
    return reshaped(permuted(image, kToLast, builder, loc), type, loc);
  };
  Value pixels = view(x, kernelH, kernelW), largest = view(y, 1, 1), given = view(dy, 1, 1);
  const auto isLargest = [](ScalarBuilder &b, Value pixel, Value most) {
    return b.compare(ScalarBuilder::Predicate::OEQ, pixel, most);
  };
  Value chosen =
      createMap(builder, loc, pixels.getType(), {pixels, largest}, [&](ScalarBuilder &b, mlir::ValueRange v) {
        return b.select(isLargest(b, v[0], v[1]), b.number(1), b.number(0));
      });
  Value count = sumAlong(chosen, 0b01010, /*keepdim=*/true, builder, loc);
  Value share = createMap(builder, loc, given.getType(), {given, count},
                          [](ScalarBuilder &b, mlir::ValueRange v) { return b.div(v[0], v[1]); });
  Value dx = createMap(builder, loc, pixels.getType(), {chosen, share},
                       [](ScalarBuilder &b, mlir::ValueRange v) { return b.mul(v[0], v[1]); });
  dx = reshaped(dx, typeOf(x).clone({height * kernelH, width * kernelW, channels}), loc);
  add(x, permuted(dx, kToFirst, builder, loc));
  return success();
}

// A mean over windows is one along each axis. Its gradient gives each index a share of the windows that contain it.
LogicalResult GradientBuilder::rule(AvgPoolOp op, Value dy) {
  Location loc = op.getLoc();
  Value x = op.getInput();
  const auto along = [&](int64_t axis, uint64_t kernel, uint64_t stride, uint64_t dilation, uint64_t before,
                         uint64_t after) {
    const int64_t size = sizesOf(x)[static_cast<size_t>(axis)], windows = sizesOf(dy)[static_cast<size_t>(axis)];
    Terms terms(static_cast<size_t>(size));
    for (int64_t window = 0; window < windows; ++window) {
      llvm::SmallVector<int64_t> inside;
      int64_t counted = 0;
      for (int64_t tap = 0; tap < static_cast<int64_t>(kernel); ++tap) {
        const int64_t at =
            window * static_cast<int64_t>(stride) + tap * static_cast<int64_t>(dilation) - static_cast<int64_t>(before);
        if (at >= 0 && at < size) inside.push_back(at);
        const bool exists = at < size + static_cast<int64_t>(after);
        counted += op.getCountIncludePad() ? exists : at >= 0 && at < size;
      }
      for (int64_t at : inside) terms[static_cast<size_t>(at)].push_back({window, 1.0f / static_cast<float>(counted)});
    }
    dy = resampled(dy, axis, terms, builder, loc);
  };
  along(1, op.getKernelH(), op.getStrideH(), op.getDilationH(), op.getPaddingTop(), op.getPaddingBottom());
  along(2, op.getKernelW(), op.getStrideW(), op.getDilationW(), op.getPaddingLeft(), op.getPaddingRight());
  add(x, dy);
  return success();
}

// The transposed sum: each index of x is made of the indices of y that it is a term of.
LogicalResult GradientBuilder::rule(ResampleOp op, Value dy) {
  const auto axis = static_cast<int64_t>(op.getAxis());
  Terms terms(static_cast<size_t>(sizesOf(op.getInput())[static_cast<size_t>(axis)]));
  mlir::DenseElementsAttr weights;
  if (op.getWeight()) {
    auto constant = op.getWeight().getDefiningOp<ConstantOp>();
    if (!constant) return op.emitOpError("has a weight that is no constant");
    weights = llvm::cast<mlir::DenseElementsAttr>(constant.getValue());
  }
  for (auto [i, source] : llvm::enumerate(op.getSources())) {
    if (source < 0) continue;
    const float weight = weights ? weights.getValues<float>()[i] : 1.0f;
    terms[static_cast<size_t>(source)].push_back({static_cast<int64_t>(i) / op.getTaps(), weight});
  }
  add(op.getInput(), resampled(dy, axis, terms, builder, op.getLoc()));
  return success();
}

}  // namespace inlay::compiler
