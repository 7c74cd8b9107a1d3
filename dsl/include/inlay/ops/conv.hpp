// SPDX-License-Identifier: Apache-2.0
// Convolutions.
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

}  // namespace inlay::ops
