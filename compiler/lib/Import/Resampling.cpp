// SPDX-License-Identifier: Apache-2.0
// Tables of the indices and weights by which each axis is resampled.
#include "Resampling.h"

#include <cmath>

#include "llvm/Support/MathExtras.h"

namespace inlay::compiler {
namespace {

using mlir::Value;

/// The terms of each index of a resampled axis.
struct Table {
  llvm::SmallVector<int64_t> sources;
  std::vector<float> weights;  // empty if each index has one source

  void add(int64_t source) { sources.push_back(source); }
  void add(int64_t source, double weight) {
    sources.push_back(source);
    weights.push_back(static_cast<float>(weight));
  }
};

/// Resamples one axis of `x` to `size` indices.
Value resample(Value x, size_t axis, int64_t size, const Table &table, mlir::Location loc, mlir::OpBuilder &builder) {
  llvm::SmallVector<int64_t> sizes(sizesOf(x));
  sizes[axis] = size;
  const auto tensor = [&](llvm::ArrayRef<int64_t> dims) {
    return mlir::RankedTensorType::get(dims, builder.getF32Type());
  };
  Value weight;
  if (!table.weights.empty()) {
    const auto type = tensor({size, static_cast<int64_t>(table.weights.size()) / size});
    weight = builder.create<ConstantOp>(loc, type, mlir::StringAttr(),
                                        mlir::DenseElementsAttr::get(type, llvm::ArrayRef(table.weights)));
  }
  return builder.create<ResampleOp>(loc, tensor(sizes), x, weight, axis, table.sources);
}

/// Where the element at `at`, outside of an axis of `size` elements, comes from.
int64_t borderSource(pad_mode mode, int64_t at, int64_t size) {
  const int64_t mirror = 2 * (size - 1), cycle = mode == pad_mode::reflect ? std::max<int64_t>(mirror, 1) : size;
  const int64_t wrapped = (at % cycle + cycle) % cycle;
  switch (mode) {
    case pad_mode::reflect: return std::min(wrapped, mirror - wrapped);
    case pad_mode::circular: return wrapped;
    default: return std::clamp<int64_t>(at, 0, size - 1);
  }
}

/// The pixels of an axis of `size` pixels of which each of `resized` pixels is made, `step` apart.
Table interpolate(interpolation mode, bool alignCorners, float step, int64_t size, int64_t resized) {
  Table table;
  for (int64_t i = 0; i < resized; ++i) {
    if (mode == interpolation::nearest) {
      const float place = std::floor(static_cast<float>(i) * step);
      table.add(place < static_cast<float>(size) ? std::min(static_cast<int64_t>(place), size - 1) : size - 1);
      continue;
    }
    const double shift = alignCorners ? 0 : 0.5;
    const double place = std::max((static_cast<double>(i) + shift) * static_cast<double>(step) - shift, 0.0);
    const auto first = static_cast<int64_t>(std::floor(std::min(place, static_cast<double>(size - 1))));
    const double share = std::clamp(place - static_cast<double>(first), 0.0, 1.0);
    table.add(first, 1 - share);
    table.add(std::min(first + 1, size - 1), share);
  }
  return table;
}

/// The means of `parts` parts of an axis of `size` pixels.
Table meansOfParts(int64_t size, int64_t parts) {
  const auto begin = [&](int64_t part) { return part * size / parts; };
  const auto end = [&](int64_t part) { return llvm::divideCeil((part + 1) * size, parts); };
  int64_t most = 0;
  for (int64_t part = 0; part < parts; ++part) most = std::max<int64_t>(most, end(part) - begin(part));
  Table table;
  for (int64_t part = 0; part < parts; ++part) {
    const int64_t first = begin(part), count = static_cast<int64_t>(end(part)) - first;
    for (int64_t tap = 0; tap < most; ++tap)
      table.add(tap < count ? first + tap : -1, tap < count ? 1.0 / static_cast<double>(count) : 0.0);
  }
  return table;
}

/// The axis that grows less comes first: the second one then has less to do.
std::array<size_t, 2> orderOfAxes(Value x, int64_t height, int64_t width) {
  const bool widthFirst = sizesOf(x)[1] * width <= height * sizesOf(x)[2];
  return widthFirst ? std::array<size_t, 2>{2, 1} : std::array<size_t, 2>{1, 2};
}

}  // namespace

Value importPad(Value x, const ops::pad_attributes &padding, mlir::Location loc, mlir::OpBuilder &builder) {
  const size_t rank = sizesOf(x).size();
  if (padding.mode == pad_mode::constant) {
    llvm::SmallVector<int64_t> sizes(sizesOf(x)), low, high;
    for (size_t axis = 0; axis < rank; ++axis) {
      low.push_back(padding.low[axis]), high.push_back(padding.high[axis]);
      sizes[axis] += low[axis] + high[axis];
    }
    if (llvm::ArrayRef(sizes) == sizesOf(x)) return x;
    return builder.create<PadOp>(loc, mlir::RankedTensorType::get(sizes, builder.getF32Type()), x,
                                 builder.getDenseI64ArrayAttr(low), builder.getDenseI64ArrayAttr(high),
                                 builder.getF32FloatAttr(std::bit_cast<float>(padding.value)));
  }
  for (size_t axis = 0; axis < rank; ++axis) {
    const int64_t low = padding.low[axis], size = sizesOf(x)[axis], padded = low + size + padding.high[axis];
    if (padded == size) continue;
    Table table;
    for (int64_t i = 0; i < padded; ++i) table.add(borderSource(padding.mode, i - low, size));
    x = resample(x, axis, padded, table, loc, builder);
  }
  return x;
}

Value importUpsample(Value x, const ops::upsample_attributes &how, mlir::Location loc, mlir::OpBuilder &builder) {
  const bool aligned = how.align_corners != 0;
  for (size_t axis : orderOfAxes(x, how.height, how.width)) {
    const int64_t size = sizesOf(x)[axis], resized = axis == 1 ? how.height : how.width;
    const auto step = std::bit_cast<float>(axis == 1 ? how.step_h : how.step_w);
    const bool keeps = size == resized && (step == 1 || aligned);
    if (!keeps || how.mode == interpolation::nearest)
      x = resample(x, axis, resized, interpolate(how.mode, aligned, step, size, resized), loc, builder);
  }
  return x;
}

Value importAdaptiveAvgPool(Value x, const ops::adaptive_avg_pool_attributes &sizes, mlir::Location loc,
                            mlir::OpBuilder &builder) {
  const int64_t height = sizesOf(x)[1], width = sizesOf(x)[2];
  if (height % sizes.height == 0 && width % sizes.width == 0) {
    // The parts are windows side by side.
    const int64_t kernelH = height / sizes.height, kernelW = width / sizes.width;
    const auto type = mlir::RankedTensorType::get({sizesOf(x)[0], sizes.height, sizes.width}, builder.getF32Type());
    return builder.create<AvgPoolOp>(loc, type, x, kernelH, kernelW, /*stride_h=*/kernelH, /*stride_w=*/kernelW,
                                     /*padding_top=*/0, /*padding_left=*/0, /*padding_bottom=*/0, /*padding_right=*/0,
                                     /*dilation_h=*/1, /*dilation_w=*/1, /*ceil_mode=*/0, /*count_include_pad=*/1);
  }
  for (size_t axis : orderOfAxes(x, sizes.height, sizes.width)) {
    const int64_t size = sizesOf(x)[axis], parts = axis == 1 ? sizes.height : sizes.width;
    if (size != parts) x = resample(x, axis, parts, meansOfParts(size, parts), loc, builder);
  }
  return x;
}

}  // namespace inlay::compiler
