// SPDX-License-Identifier: Apache-2.0
// The gradients of convolutions, pools and resampling. Images are [C, H, W], as the import makes them; what has to be
// in the order of kernels, [H, W, C], is permuted here, and the layout phase cancels these permutations.
#include <limits>

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

/// Pixels around an image. Where they are fewer than none, the image is larger than what is read of it.
struct Border {
  int64_t top = 0, left = 0, bottom = 0, right = 0;
};

Value sliced(Value value, int64_t axis, int64_t start, int64_t length, mlir::OpBuilder &builder, Location loc) {
  llvm::SmallVector<int64_t> sizes(sizesOf(value));
  if (sizes[static_cast<size_t>(axis)] == length) return value;
  sizes[static_cast<size_t>(axis)] = length;
  return builder.create<SliceOp>(loc, typeOf(value).clone(sizes), value, axis, start, length);
}

/// Leaves out what is not read of an image [C, H, W], and so leaves no side of the border below 0.
Value cropped(Value image, Border &border, mlir::OpBuilder &builder, Location loc) {
  const auto along = [&](int64_t axis, int64_t &before, int64_t &behind) {
    const int64_t size = sizesOf(image)[static_cast<size_t>(axis)];
    const int64_t start = std::max<int64_t>(0, -before), end = size + std::min<int64_t>(0, behind);
    if (start >= end) {  // nothing is read but the border
      image = resampled(image, axis, Terms(static_cast<size_t>(before + size + behind)), builder, loc);
      before = behind = 0;
      return;
    }
    image = sliced(image, axis, start, end - start, builder, loc);
    before = std::max<int64_t>(0, before), behind = std::max<int64_t>(0, behind);
  };
  along(1, border.top, border.bottom), along(2, border.left, border.right);
  return image;
}

/// An image [H, W, C] within its border.
Value padded(Value image, const Border &border, float value, mlir::OpBuilder &builder, Location loc) {
  if (border.top + border.left + border.bottom + border.right == 0) return image;
  llvm::SmallVector<int64_t> sizes(sizesOf(image));
  sizes[0] += border.top + border.bottom, sizes[1] += border.left + border.right;
  return builder.create<PadOp>(
      loc, typeOf(image).clone(sizes), image, builder.getDenseI64ArrayAttr({border.top, border.left, 0}),
      builder.getDenseI64ArrayAttr({border.bottom, border.right, 0}), builder.getF32FloatAttr(value));
}

}  // namespace

template <class Layer>
Value adjointConvolution(Layer layer, Value image, Value weight, Value bias, int64_t groups,
                         mlir::RankedTensorType type, llvm::StringRef name, mlir::OpBuilder &builder) {
  Location loc = layer.getLoc();
  image = spread(image, 1, number(layer.getStrideH()), builder, loc);
  image = spread(image, 2, number(layer.getStrideW()), builder, loc);
  llvm::ArrayRef<int64_t> kernel = sizesOf(weight);
  const int64_t reachH = (kernel[2] - 1) * number(layer.getDilationH());
  const int64_t reachW = (kernel[3] - 1) * number(layer.getDilationW());
  Border border;
  border.top = reachH - number(layer.getPaddingTop()), border.left = reachW - number(layer.getPaddingLeft());
  border.bottom = type.getDimSize(1) - sizesOf(image)[1] - border.top + reachH;
  border.right = type.getDimSize(2) - sizesOf(image)[2] - border.left + reachW;
  image = cropped(image, border, builder, loc);
  llvm::SmallVector<int64_t> turned(kernel);
  std::swap(turned[0], turned[1]);
  Value adjoint = builder.create<AdjointOp>(loc, typeOf(weight).clone(turned), weight);
  // With a group for each channel the weight has one feature, whose adjoint are all channels.
  if (groups > 1) adjoint = builder.create<ReshapeOp>(loc, weight.getType(), adjoint);
  auto made = builder.create<Conv2dOp>(loc, type, builder.getStringAttr(name), image, adjoint, bias, mlir::ValueRange(),
                                       /*stride_h=*/1, /*stride_w=*/1, border.top, border.left, border.bottom,
                                       border.right, layer.getDilationH(), layer.getDilationW(), groups);
  return made.getResult();
}
template Value adjointConvolution(ConvTranspose2dOp, Value, Value, Value, int64_t, mlir::RankedTensorType,
                                  llvm::StringRef, mlir::OpBuilder &);

// dx is the convolution of dy with the adjoint weight, where a stride has put zeros between dy's pixels, and a border
// around it. dW sums the products of dy with the windows of x.
LogicalResult GradientBuilder::rule(Conv2dOp op, Value dy) {
  Location loc = op.getLoc();
  Value x = op.getInput(), weight = op.getWeight();
  if (op.getBias() && active.contains(op.getBias()))
    add(op.getBias(), sumAlong(dy, 0b110, /*keepdim=*/false, builder, loc));
  if (active.contains(x))
    add(x, adjointConvolution(op, dy, weight, Value(), number(op.getGroups()), typeOf(x),
                              (op.getLayer() + ".gradient").str(), builder));
  if (!active.contains(weight)) return success();
  const Border border{number(op.getPaddingTop()), number(op.getPaddingLeft()), number(op.getPaddingBottom()),
                      number(op.getPaddingRight())};
  return addProduct(op, weight, permuted(dy, kToLast, builder, loc),
                    padded(permuted(x, kToLast, builder, loc), border, 0, builder, loc),
                    windowOf(op, sizesOf(weight)[2], sizesOf(weight)[3]));
}

// The way back of a convolution with the parameter as it is stored: dx is that convolution of dy, and dW sums the
// products of x with the windows of dy.
LogicalResult GradientBuilder::rule(ConvTranspose2dOp op, Value dy) {
  Location loc = op.getLoc();
  Value x = op.getInput(), weight = op.getWeight().getDefiningOp<PermuteOp>().getInput();
  if (op.getBias() && active.contains(op.getBias()))
    add(op.getBias(), sumAlong(dy, 0b110, /*keepdim=*/false, builder, loc));
  llvm::ArrayRef<int64_t> kernel = sizesOf(weight), image = sizesOf(x), made = sizesOf(dy);
  const WindowAttr window = windowOf(op, kernel[2], kernel[3]);
  // What the windows of all pixels of x cover.
  const int64_t height = WindowAttr::covered(image[1], kernel[2], window.getStrideH(), window.getDilationH());
  const int64_t width = WindowAttr::covered(image[2], kernel[3], window.getStrideW(), window.getDilationW());
  Border border{number(op.getPaddingTop()), number(op.getPaddingLeft()), 0, 0};
  border.bottom = height - made[1] - border.top, border.right = width - made[2] - border.left;
  dy = cropped(dy, border, builder, loc);
  if (active.contains(x)) {
    auto back =
        builder.create<Conv2dOp>(loc, x.getType(), builder.getStringAttr(op.getLayer() + ".gradient"), dy, weight,
                                 Value(), mlir::ValueRange(), op.getStrideH(), op.getStrideW(), border.top, border.left,
                                 border.bottom, border.right, op.getDilationH(), op.getDilationW(), /*groups=*/1);
    add(x, back.getResult());
  }
  if (!active.contains(weight)) return success();
  return addProduct(op, weight, permuted(x, kToLast, builder, loc),
                    padded(permuted(dy, kToLast, builder, loc), border, 0, builder, loc), window);
}

// The first of a window's largest pixels gets dy, as in PyTorch.
LogicalResult GradientBuilder::rule(MaxPoolOp op, Value dy) {
  Location loc = op.getLoc();
  const WindowAttr window = windowOf(op, number(op.getKernelH()), number(op.getKernelW()));
  Value x = permuted(op.getInput(), kToLast, builder, loc);
  llvm::ArrayRef<int64_t> image = sizesOf(x), made = sizesOf(dy);
  // Windows may reach beyond the padding.
  const auto behind = [](int64_t count, int64_t size, int64_t stride, int64_t dilation, int64_t all) {
    return std::max<int64_t>(0, WindowAttr::covered(count, size, stride, dilation) - all);
  };
  Border border{number(op.getPaddingTop()), number(op.getPaddingLeft()), 0, 0};
  border.bottom =
      behind(made[1], window.getKernelH(), window.getStrideH(), window.getDilationH(), image[0] + border.top);
  border.right =
      behind(made[2], window.getKernelW(), window.getStrideW(), window.getDilationW(), image[1] + border.left);
  Value within = padded(x, border, -std::numeric_limits<float>::infinity(), builder, loc);
  Value dx = builder.create<MaxPoolGradientOp>(loc, within.getType(), permuted(dy, kToLast, builder, loc),
                                               permuted(op.getResult(), kToLast, builder, loc), within, window);
  dx = sliced(dx, 0, border.top, image[0], builder, loc);
  dx = sliced(dx, 1, border.left, image[1], builder, loc);
  add(op.getInput(), permuted(dx, kToFirst, builder, loc));
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
