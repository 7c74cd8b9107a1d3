// SPDX-License-Identifier: Apache-2.0
// Pools.
#pragma once

#include "inlay/ops/window.hpp"

namespace inlay::ops {

struct max_pool_attributes {
  std::uint32_t kernel_h = 1, kernel_w = 1;
  window_attributes window{};
  std::uint32_t ceil_mode = 0;
};
inline constexpr attribute_row max_pool_schema[] = {
    {"kernel_h"},       {"kernel_w"},      {"stride_h"},   {"stride_w"},   {"padding_top"}, {"padding_left"},
    {"padding_bottom"}, {"padding_right"}, {"dilation_h"}, {"dilation_w"}, {"ceil_mode", 1}};

struct avg_pool_attributes {
  std::uint32_t kernel_h = 1, kernel_w = 1;
  window_attributes window{};
  std::uint32_t ceil_mode = 0;
  std::uint32_t count_include_pad = 1;
};
inline constexpr attribute_row avg_pool_schema[] = {{"kernel_h"},       {"kernel_w"},      {"stride_h"},
                                                    {"stride_w"},       {"padding_top"},   {"padding_left"},
                                                    {"padding_bottom"}, {"padding_right"}, {"dilation_h", 1},
                                                    {"dilation_w", 1},  {"ceil_mode", 1},  {"count_include_pad", 1}};

/// x[C,H,W] -> [C,OH,OW]. The padding is at most half of the kernel.
template <class Attributes>
constexpr inferred infer_pool(const operand_shapes& operands, std::span<const std::uint32_t> words, const shape&) {
  const auto a = read_attributes<Attributes>(words);
  inferred y{.dims = *operands[0], .layer = 0};
  if (y.dims.rank != 3)
    return y.breaks(fault::pool_rank, violation::text("f32[channels,height,width]"), 0, *operands[0]);
  const window_attributes& w = a.window;
  const std::uint32_t most_h = w.padding_top > w.padding_bottom ? w.padding_top : w.padding_bottom;
  const std::uint32_t most_w = w.padding_left > w.padding_right ? w.padding_left : w.padding_right;
  if (most_h > a.kernel_h / 2 || most_w > a.kernel_w / 2)
    return y.breaks(fault::window_size,
                    violation::text("padding up to ").append(window_text(a.kernel_h / 2, a.kernel_w / 2).view()),
                    window_text(most_h, most_w));
  return slide(y, window_axes(w, *operands[0], a.kernel_h, a.kernel_w), y.dims.sizes[0], a.ceil_mode != 0);
}

/// `reduce(pixels, axes, i, j)` of each window, where `pixels` are those inside of the image.
template <class Attributes, class Reduce>
constexpr reference_values evaluate_windows(const reference_inputs& from, Reduce reduce) {
  const auto a = read_attributes<Attributes>(from.attributes);
  const reference_tensor& x = from.operands[0];
  const window_axes axes(a.window, x.dims, a.kernel_h, a.kernel_w);
  reference_values y, pixels;
  for (std::size_t c = 0; c < from.dims.sizes[0]; ++c)
    for (std::size_t i = 0; i < from.dims.sizes[1]; ++i)
      for (std::size_t j = 0; j < from.dims.sizes[2]; ++j) {
        pixels.shrink(0);
        for_each_pixel(axes, i, j,
                       [&](std::size_t at) { pixels.push_back(x.elements[c * axes.h.size * axes.w.size + at]); });
        y.push_back(reduce(pixels.view(), axes, i, j));
      }
  return y;
}

/// The largest pixel of each window; NaN if one is NaN; -infinity if a dilated window holds none (torch.nn.MaxPool2d).
constexpr reference_values evaluate_max_pool(const reference_inputs& from) {
  return evaluate_windows<max_pool_attributes>(
      from, [](std::span<const double> pixels, const window_axes&, std::size_t, std::size_t) {
        double largest = -math::infinity;
        for (double each : pixels) largest = math::is_nan(each) || each > largest ? each : largest;
        return largest;
      });
}

/// How many pixels the mean of a window divides by: those inside of the image or, with `include_pad`, of the padded
/// image. What a window of ceil_mode has behind the padding never counts.
constexpr std::uint64_t counted(const window_axis& axis, std::size_t window, bool include_pad) {
  std::uint64_t count = 0;
  for (std::size_t tap = 0; tap < axis.kernel; ++tap) {
    const std::int64_t at = axis.position(window, tap);
    count += axis.holds(at) || (include_pad && at < static_cast<std::int64_t>(axis.size + axis.after)) ? 1u : 0u;
  }
  return count;
}

/// The mean of each window (torch.nn.AvgPool2d).
constexpr reference_values evaluate_avg_pool(const reference_inputs& from) {
  const bool include_pad = read_attributes<avg_pool_attributes>(from.attributes).count_include_pad != 0;
  return evaluate_windows<avg_pool_attributes>(
      from, [include_pad](std::span<const double> pixels, const window_axes& axes, std::size_t i, std::size_t j) {
        double sum = 0;
        for (double each : pixels) sum += each;
        return sum / static_cast<double>(counted(axes.h, i, include_pad) * counted(axes.w, j, include_pad));
      });
}

inline constexpr op_row max_pool_row{.id = op::max_pool,
                                     .name = "max_pool",
                                     .least_operands = 1,
                                     .most_operands = 1,
                                     .attributes = max_pool_schema,
                                     .infer = infer_pool<max_pool_attributes>,
                                     .evaluate = evaluate_max_pool};
inline constexpr op_row avg_pool_row{.id = op::avg_pool,
                                     .name = "avg_pool",
                                     .least_operands = 1,
                                     .most_operands = 1,
                                     .attributes = avg_pool_schema,
                                     .infer = infer_pool<avg_pool_attributes>,
                                     .evaluate = evaluate_avg_pool};

}  // namespace inlay::ops
