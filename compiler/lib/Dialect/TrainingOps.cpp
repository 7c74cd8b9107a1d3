// SPDX-License-Identifier: Apache-2.0
// Verifiers and folders of the operations of training.
#include "Inlay/Dialect/InlayDialect.h"

#include "llvm/Support/MathExtras.h"

namespace inlay::compiler {

using mlir::LogicalResult;
using mlir::OpFoldResult;
using mlir::RankedTensorType;
using mlir::success;
using mlir::Value;

static RankedTensorType typeOf(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

// `<network>_begin` computes it, before any kernel runs.
bool PackOp::hasKernel() { return false; }
bool PackOp::sharesCode() { return false; }

/// The taps of a weight, whose first two axes are features and channels.
static int64_t tapsOf(Value weight) {
  int64_t taps = 1;
  for (int64_t size : typeOf(weight).getShape().drop_front(2)) taps *= size;
  return taps;
}

LogicalResult AdjointOp::verify() {
  llvm::SmallVector<int64_t> expected(typeOf(getWeight()).getShape());
  if (expected.size() != 2 && expected.size() != 4)
    return emitOpError() << "weight must have 2 or 4 axes, found " << getWeight().getType();
  std::swap(expected[0], expected[1]);
  if (typeOf(getResult()).getShape() != llvm::ArrayRef(expected))
    return emitOpError() << "result is " << getResult().getType() << ", expected the first two axes exchanged";
  return success();
}

OpFoldResult AdjointOp::fold(FoldAdaptor adaptor) {
  auto elements = llvm::dyn_cast_if_present<mlir::DenseElementsAttr>(adaptor.getWeight());
  if (!elements) return {};
  const int64_t outputs = typeOf(getWeight()).getDimSize(0), channels = typeOf(getWeight()).getDimSize(1);
  const int64_t taps = tapsOf(getWeight());
  auto values = elements.getValues<float>();
  std::vector<float> turned;
  turned.reserve(values.size());
  for (int64_t c = 0; c < channels; ++c)
    for (int64_t n = 0; n < outputs; ++n)
      for (int64_t tap = taps; tap-- > 0;)
        turned.push_back(values[static_cast<size_t>((n * channels + c) * taps + tap)]);
  return mlir::DenseElementsAttr::get(typeOf(getResult()), llvm::ArrayRef(turned));
}

LogicalResult PackOp::verify() {
  RankedTensorType weight = typeOf(getWeight());
  if (weight.getRank() < 2) return emitOpError() << "weight must have 2 axes or more, found " << weight;
  const int64_t features = weight.getDimSize(getTransposed() ? 1 : 0);
  const int64_t depth = weight.getNumElements() / features;
  const auto padded = static_cast<int64_t>(llvm::alignTo(features, getLanes()));
  if (elementsOf(getResult()) != padded * depth)
    return emitOpError() << "result must have " << padded * depth << " elements, found " << getResult().getType();
  return success();
}

int64_t MaxPoolGradientOp::getFlops() { return elementsOf(getLargest()) * getWindow().getTaps(); }

LogicalResult MaxPoolGradientOp::verify() {
  if (getLargest().getType() != getGradient().getType() || getResult().getType() != getInput().getType())
    return emitOpError("needs a gradient for each window, and gives one for each pixel");
  llvm::ArrayRef<int64_t> image = sizesOf(getInput());
  if (image.size() != 3) return emitOpError() << "input must be an image, found " << getInput().getType();
  const WindowAttr window = getWindow();
  const int64_t expected[] = {
      WindowAttr::count(image[0], window.getKernelH(), window.getStrideH(), window.getDilationH()),
      WindowAttr::count(image[1], window.getKernelW(), window.getStrideW(), window.getDilationW()), image[2]};
  if (sizesOf(getLargest()) != llvm::ArrayRef<int64_t>(expected))
    return emitOpError() << "has windows of " << getLargest().getType() << ", expected " << expected[0] << "x"
                         << expected[1] << "x" << expected[2];
  return success();
}

bool AccumulateOp::readsBeforeWriting(unsigned index) { return index == 0; }
Value AccumulateOp::getViewed() { return getSum(); }
bool AccumulateOp::sharesCode() { return false; }
bool AccumulateOp::hasIndices() { return getRight() && typeOf(getRight()).getElementType().isInteger(32); }
bool AccumulateOp::isDepthwise() {
  if (!getWindow()) return false;
  return typeOf(getSum()).getDimSize(1) == 1 && typeOf(getRight()).getDimSize(2) > 1;
}
int64_t AccumulateOp::getFlops() {
  if (hasIndices()) return elementsOf(getLeft());
  const int64_t pixels = getWindow() ? elementsOf(getLeft()) / typeOf(getSum()).getDimSize(0) : 1;
  return (getRight() ? 2 : 1) * elementsOf(getSum()) * pixels;
}

LogicalResult AccumulateOp::verify() {
  if (getResult().getType() != getSum().getType())
    return emitOpError() << "result must be " << getSum().getType() << " like the sum, found " << getResult().getType();
  if (hasIndices()) {
    RankedTensorType sum = typeOf(getSum());
    if (sum.getRank() == 2 && !getWindow() && elementsOf(getLeft()) == elementsOf(getRight()) * sum.getDimSize(1))
      return success();
    return emitOpError() << "adds " << getLeft().getType() << " at " << getRight().getType() << " to rows of " << sum;
  }
  if (const auto window = getWindow()) {
    RankedTensorType sum = typeOf(getSum());
    if (!getRight() || sum.getRank() < 2 || typeOf(getLeft()).getRank() != 3 || typeOf(getRight()).getRank() != 3)
      return emitOpError("with a window needs a weight and two images");
    llvm::ArrayRef<int64_t> image = sizesOf(getRight());
    const int64_t expected[] = {
        WindowAttr::count(image[0], window->getKernelH(), window->getStrideH(), window->getDilationH()),
        WindowAttr::count(image[1], window->getKernelW(), window->getStrideW(), window->getDilationW()),
        sum.getDimSize(0)};
    if (sizesOf(getLeft()) != llvm::ArrayRef<int64_t>(expected))
      return emitOpError() << "left is " << getLeft().getType() << ", expected " << expected[0] << "x" << expected[1]
                           << "x" << expected[2];
    // Of each feature: those of its group.
    const int64_t channels = isDepthwise() ? 1 : typeOf(getRight()).getDimSize(2);
    const bool fits = !isDepthwise() || sum.getDimSize(0) == typeOf(getRight()).getDimSize(2);
    if (!fits || sum.getDimSize(1) != channels ||
        sum.getNumElements() != sum.getDimSize(0) * channels * window->getTaps())
      return emitOpError() << "sum is " << sum << ", which does not fit the images and the window";
    return success();
  }
  const int64_t added = elementsOf(getLeft()) * (getRight() ? elementsOf(getRight()) : 1);
  if (elementsOf(getSum()) != added)
    return emitOpError() << "adds " << added << " elements to a sum of " << elementsOf(getSum());
  return success();
}

}  // namespace inlay::compiler
