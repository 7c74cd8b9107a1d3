// SPDX-License-Identifier: Apache-2.0
// Convolutions and transposed convolutions.
#pragma once

#include "inlay/ops/window.hpp"

namespace inlay::ops {

struct conv2d_attributes {
  window_attributes window{};
  std::uint32_t groups = 1;
};
inline constexpr attribute_row conv2d_schema[] = {{"stride_h"},     {"stride_w"},       {"padding_top"},
                                                  {"padding_left"}, {"padding_bottom"}, {"padding_right"},
                                                  {"dilation_h"},   {"dilation_w"},     {"groups"}};

/// x[C,H,W], weight[N,C/groups,KH,KW], bias[N] or none -> [N,OH,OW].
constexpr inferred infer_conv2d(const operand_shapes& operands, std::span<const std::uint32_t> words, const shape&) {
  using detail::numbered, detail::shape_text;
  const auto attributes = read_attributes<conv2d_attributes>(words);
  const shape &x = *operands[0], &w = *operands[1];
  inferred y{.dims = {3, {w.rank == 0 ? 1 : w.sizes[0], 1, 1}}};
  if (x.rank != 3) return y.breaks(fault::conv_rank, violation::text("f32[channels,height,width]"), shape_text(x));
  const std::uint32_t groups = attributes.groups, channels = x.sizes[0];
  if (groups == 0 || channels % groups != 0 || (w.rank > 0 && w.sizes[0] % groups != 0))
    return y.breaks(fault::conv_groups, violation::text("a divisor of ").append(std::uint64_t{channels}),
                    numbered("groups ", groups));
  const shape wanted{4, {w.sizes[0], channels / groups, w.rank == 4 ? w.sizes[2] : 1, w.rank == 4 ? w.sizes[3] : 1}};
  if (w.rank != 4) return y.breaks(fault::conv_weight, violation::text("rank 4"), shape_text(w));
  if (!(w == wanted)) return y.breaks(fault::conv_weight, shape_text(wanted), shape_text(w));
  const shape per_channel{1, {w.sizes[0]}};
  if (const shape* bias = operands[2]; bias != nullptr && !(*bias == per_channel))
    return y.breaks(fault::conv_bias, shape_text(per_channel), shape_text(*bias));
  return slide(y, window_axes(attributes.window, x, w.sizes[2], w.sizes[3]), channels);
}

/// y[n][i][j] = bias[n] + sum over c, p, q of weight[n][c][p][q] * x[g C/groups + c][i stride + p dilation - padding]
/// [j stride + q dilation - padding], where g is the group of n and x is 0 outside of the image (torch.nn.Conv2d).
constexpr reference_values evaluate_conv2d(const reference_inputs& from) {
  const auto attributes = read_attributes<conv2d_attributes>(from.attributes);
  const reference_tensor &x = from.operands[0], &weight = from.operands[1];
  const std::span<const double> bias = from.operands[2].elements;
  const std::size_t depth = weight.dims.sizes[1], outputs_of_group = weight.dims.sizes[0] / attributes.groups;
  const window_axes axes(attributes.window, x.dims, weight.dims.sizes[2], weight.dims.sizes[3]);
  const auto [unused, height, width] = std::array{from.dims.sizes[0], from.dims.sizes[1], from.dims.sizes[2]};
  reference_values y;
  for (std::size_t n = 0; n < from.dims.sizes[0]; ++n) {
    const std::size_t first = n / outputs_of_group * depth;
    for (std::size_t i = 0; i < height; ++i)
      for (std::size_t j = 0; j < width; ++j) {
        double sum = bias.empty() ? 0 : bias[n];
        for (std::size_t c = 0; c < depth; ++c)
          for (std::size_t p = 0; p < axes.h.kernel; ++p)
            for (std::size_t q = 0; q < axes.w.kernel; ++q) {
              const std::int64_t row = axes.h.position(i, p), column = axes.w.position(j, q);
              const bool inside = axes.h.holds(row) && axes.w.holds(column);
              const std::size_t at = ((first + c) * axes.h.size + static_cast<std::size_t>(row)) * axes.w.size +
                                     static_cast<std::size_t>(column);
              const double element = inside ? x.elements[at] : 0;
              sum += weight.elements[((n * depth + c) * axes.h.kernel + p) * axes.w.kernel + q] * element;
            }
        y.push_back(sum);
      }
  }
  return y;
}

/// A multiply-add for each weight and pixel.
constexpr std::uint64_t flops_of_conv2d(const operand_shapes& operands, const shape& result) {
  return 2 * operands[1]->elements() * result.sizes[1] * result.sizes[2];
}

inline constexpr op_row conv2d_row{.id = op::conv2d,
                                   .name = "conv2d",
                                   .least_operands = 3,
                                   .most_operands = 3,
                                   .optional_operand = 2,
                                   .attributes = conv2d_schema,
                                   .infer = infer_conv2d,
                                   .flops = flops_of_conv2d,
                                   .evaluate = evaluate_conv2d};

struct conv_transpose2d_attributes {
  window_attributes window{};
  std::uint32_t output_padding_h = 0, output_padding_w = 0;
  std::uint32_t groups = 1;
};
inline constexpr attribute_row conv_transpose2d_schema[] = {
    {"stride_h"},   {"stride_w"},   {"padding_top"},      {"padding_left"},     {"padding_bottom"}, {"padding_right"},
    {"dilation_h"}, {"dilation_w"}, {"output_padding_h"}, {"output_padding_w"}, {"groups"}};

/// A transposed convolution along one axis: element i of the operand, at tap k, goes to element
/// i stride + k dilation - before of the result.
struct transposed_axis {
  window_axis axis;
  std::uint64_t output_padding;

  constexpr bool is_proper() const { return axis.kernel > 0 && axis.stride > 0 && axis.dilation > 0; }
  constexpr bool pads_properly() const { return output_padding < axis.stride || output_padding < axis.dilation; }
  /// The result's elements without `before` and `after`.
  constexpr std::uint64_t whole() const { return (axis.size - 1) * axis.stride + axis.extent() + output_padding; }
  constexpr std::uint64_t cropped() const { return axis.before + axis.after; }
};

/// x[C,H,W], weight[C,N/groups,KH,KW], bias[N] or none -> [N,OH,OW].
constexpr inferred infer_conv_transpose2d(const operand_shapes& operands, std::span<const std::uint32_t> words,
                                          const shape&) {
  using detail::numbered, detail::shape_text;
  const auto a = read_attributes<conv_transpose2d_attributes>(words);
  const shape &x = *operands[0], &w = *operands[1];
  const auto fitting = [](std::uint64_t size) {  // what is too large for a value is another rule's to report
    return size < 0xffffffffu ? static_cast<std::uint32_t>(size) : 0xffffffffu;
  };
  const std::uint32_t outputs = w.rank < 2 ? 1 : fitting(std::uint64_t{w.sizes[1]} * a.groups);
  inferred y{.dims = {3, {outputs, 1, 1}}};
  if (x.rank != 3) return y.breaks(fault::conv_rank, violation::text("f32[channels,height,width]"), shape_text(x));
  const std::uint32_t channels = x.sizes[0];
  if (a.groups == 0 || channels % a.groups != 0)
    return y.breaks(fault::conv_groups, violation::text("a divisor of ").append(std::uint64_t{channels}),
                    numbered("groups ", a.groups));
  if (w.rank != 4) return y.breaks(fault::transposed_weight, violation::text("rank 4"), shape_text(w));
  if (const shape wanted{4, {channels, w.sizes[1], w.sizes[2], w.sizes[3]}}; !(w == wanted))
    return y.breaks(fault::transposed_weight, shape_text(wanted), shape_text(w));
  const shape per_output{1, {outputs}};
  if (const shape* bias = operands[2]; bias != nullptr && !(*bias == per_output))
    return y.breaks(fault::conv_bias, shape_text(per_output), shape_text(*bias));
  const window_axes axes(a.window, x, w.sizes[2], w.sizes[3]);
  const transposed_axis h{axes.h, a.output_padding_h}, v{axes.w, a.output_padding_w};
  if (!h.is_proper() || !v.is_proper())
    return y.breaks(fault::window_size, violation::text("sizes of at least 1"), violation::text("0"));
  if (!h.pads_properly() || !v.pads_properly())
    return y.breaks(fault::transposed_padding, violation::text("less than stride or dilation"),
                    violation::text("output_padding ")
                        .append(std::uint64_t{a.output_padding_h})
                        .append(" by ")
                        .append(std::uint64_t{a.output_padding_w}));
  if (h.cropped() >= h.whole() || v.cropped() >= v.whole())
    return y.breaks(fault::transposed_padding,
                    violation::text("less than ").append(window_text(h.whole(), v.whole()).view()),
                    violation::text("padding ").append(window_text(h.cropped(), v.cropped()).view()));
  y.dims.sizes[1] = fitting(h.whole() - h.cropped()), y.dims.sizes[2] = fitting(v.whole() - v.cropped());
  return y;
}

/// Adds weight[g C/groups + c][n][p][q] * x[g C/groups + c][i][j] to y[g N/groups + n][i stride + p dilation - padding]
/// [j stride + q dilation - padding], if that is inside; y starts as the bias (torch.nn.ConvTranspose2d).
constexpr reference_values evaluate_conv_transpose2d(const reference_inputs& from) {
  const auto a = read_attributes<conv_transpose2d_attributes>(from.attributes);
  const reference_tensor &x = from.operands[0], &weight = from.operands[1];
  const std::span<const double> bias = from.operands[2].elements;
  const std::size_t channels = x.dims.sizes[0], height = x.dims.sizes[1], width = x.dims.sizes[2];
  const std::size_t outputs = weight.dims.sizes[1], kernel_h = weight.dims.sizes[2], kernel_w = weight.dims.sizes[3];
  const std::size_t rows = from.dims.sizes[1], columns = from.dims.sizes[2];
  reference_values y;
  for (std::size_t n = 0; n < from.dims.sizes[0]; ++n)
    for (std::size_t pixel = 0; pixel < rows * columns; ++pixel) y.push_back(bias.empty() ? 0 : bias[n]);
  for (std::size_t c = 0; c < channels; ++c)
    for (std::size_t i = 0; i < height; ++i)
      for (std::size_t j = 0; j < width; ++j)
        for (std::size_t n = 0; n < outputs; ++n)
          for (std::size_t p = 0; p < kernel_h; ++p)
            for (std::size_t q = 0; q < kernel_w; ++q) {
              // Behind the last row or column is inside of no result, and so is what is before the first.
              const std::size_t row = i * a.window.stride_h + p * a.window.dilation_h - a.window.padding_top;
              const std::size_t column = j * a.window.stride_w + q * a.window.dilation_w - a.window.padding_left;
              if (row >= rows || column >= columns) continue;
              const std::size_t output = c / (channels / a.groups) * outputs + n;
              y[(output * rows + row) * columns + column] +=
                  weight.elements[((c * outputs + n) * kernel_h + p) * kernel_w + q] *
                  x.elements[(c * height + i) * width + j];
            }
  return y;
}

/// A multiply-add for each pixel of the operand and each weight.
constexpr std::uint64_t flops_of_conv_transpose2d(const operand_shapes& operands, const shape&) {
  return 2 * operands[1]->elements() * operands[0]->sizes[1] * operands[0]->sizes[2];
}

inline constexpr op_row conv_transpose2d_row{.id = op::conv_transpose2d,
                                             .name = "conv_transpose2d",
                                             .least_operands = 3,
                                             .most_operands = 3,
                                             .optional_operand = 2,
                                             .attributes = conv_transpose2d_schema,
                                             .infer = infer_conv_transpose2d,
                                             .flops = flops_of_conv_transpose2d,
                                             .evaluate = evaluate_conv_transpose2d};

}  // namespace inlay::ops
