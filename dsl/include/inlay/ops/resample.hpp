// SPDX-License-Identifier: Apache-2.0
// Operations that make an axis longer or shorter: padding, interpolation and means over parts of an image.
#pragma once

#include "inlay/ops/operation.hpp"

namespace inlay {

/// What lies outside of a value that is padded: a number, the value in a mirror whose axis is the edge element, the
/// edge element, or the other end of the value.
enum class pad_mode : std::uint32_t { constant = 0, reflect = 1, replicate = 2, circular = 3 };

/// How an image is interpolated: each pixel of the result is the nearest one, or a weighted mean of two along each
/// axis.
enum class interpolation : std::uint32_t { nearest = 0, linear = 1 };

namespace ops {

/// Elements before and after the value along each axis; 0 for axes that it does not have. `value` holds the bits of a
/// float, which `pad_mode::constant` puts there.
struct pad_attributes {
  pad_mode mode = pad_mode::constant;
  std::uint32_t value = 0;
  std::array<std::uint32_t, max_rank> low{}, high{};
};
inline constexpr attribute_row pad_schema[] = {{"mode", 3}, {"value"},  {"low_0"},  {"low_1"},  {"low_2"},
                                               {"low_3"},   {"low_4"},  {"low_5"},  {"high_0"}, {"high_1"},
                                               {"high_2"},  {"high_3"}, {"high_4"}, {"high_5"}};

/// Each axis grows by its padding. A mirror image, and the other end, are no longer than the value allows.
constexpr inferred infer_pad(const operand_shapes& operands, std::span<const std::uint32_t> words, const shape&) {
  const auto a = read_attributes<pad_attributes>(words);
  inferred y{.dims = *operands[0]};
  for (std::uint32_t axis = 0; axis < max_rank; ++axis) {
    const std::uint64_t low = a.low[axis], high = a.high[axis], size = axis < y.dims.rank ? y.dims.sizes[axis] : 0;
    if (axis >= y.dims.rank) {
      if (low + high > 0)
        return y.breaks(fault::attribute_range, detail::numbered("rank above ", axis), 0, *operands[0]);
      continue;
    }
    const std::uint64_t wider = low > high ? low : high;
    const std::uint64_t least = a.mode == pad_mode::reflect ? wider + 1 : a.mode == pad_mode::circular ? wider : 0;
    if (low + high > 0 && size < least)
      return y.breaks(fault::attribute_range,
                      detail::numbered("size ", least).append(" or more along axis ").append(std::uint64_t{axis}), 0,
                      *operands[0]);
    // What does not fit is too large for a value, which is another rule.
    const std::uint64_t padded = size + low + high;
    y.dims.sizes[axis] = padded < 0xffffffffu ? static_cast<std::uint32_t>(padded) : 0xffffffffu;
  }
  return y;
}

/// The element of an axis that stands at `at`, which may lie outside of [0, size); or -1 for the constant.
constexpr std::int64_t padded_position(pad_mode mode, std::int64_t at, std::int64_t size) {
  if (at >= 0 && at < size) return at;
  switch (mode) {
    case pad_mode::constant: return -1;
    case pad_mode::reflect: return at < 0 ? -at : 2 * (size - 1) - at;
    case pad_mode::replicate: return at < 0 ? 0 : size - 1;
    case pad_mode::circular: return at < 0 ? at + size : at - size;
  }
  return -1;
}

/// torch.nn.functional.pad.
constexpr reference_values evaluate_pad(const reference_inputs& from) {
  const auto a = read_attributes<pad_attributes>(from.attributes);
  const reference_tensor& x = from.operands[0];
  reference_values y;
  for (std::size_t i = 0; i < from.dims.size(); ++i) {
    std::size_t rest = i, stride = 1, place = 0;
    bool outside = false;
    for (std::uint32_t axis = from.dims.rank; axis-- > 0;) {
      const std::int64_t at = static_cast<std::int64_t>(rest % from.dims.sizes[axis]) - a.low[axis];
      const std::int64_t source = padded_position(a.mode, at, x.dims.sizes[axis]);
      if (source < 0)
        outside = true;
      else
        place += static_cast<std::size_t>(source) * stride;
      stride *= x.dims.sizes[axis], rest /= from.dims.sizes[axis];
    }
    y.push_back(outside ? static_cast<double>(std::bit_cast<float>(a.value)) : x.elements[place]);
  }
  return y;
}

inline constexpr op_row pad_row{.id = op::pad,
                                .name = "pad",
                                .least_operands = 1,
                                .most_operands = 1,
                                .attributes = pad_schema,
                                .infer = infer_pad,
                                .evaluate = evaluate_pad};

/// x[C,H,W] -> [C,height,width]. From one pixel of the result to the next, the place in x moves by a step, which is the
/// bits of a float. PyTorch rounds it to a float, too: 1 / factor, or size of x / size of the result; with
/// `align_corners`, which is for `linear` alone, (size of x - 1) / (size of the result - 1), or 0 for one pixel.
struct upsample_attributes {
  interpolation mode = interpolation::nearest;
  std::uint32_t align_corners = 0;
  std::uint32_t step_h = 0, step_w = 0;
  std::uint32_t height = 1, width = 1;
};
inline constexpr attribute_row upsample_schema[] = {{"mode", 1}, {"align_corners", 1}, {"step_h"},
                                                    {"step_w"},  {"height"},           {"width"}};

/// The bits of the step between `size` and `resized` pixels, if no factor is given.
constexpr std::uint32_t step_between(std::uint32_t size, std::uint32_t resized, bool align_corners) {
  if (align_corners)
    return std::bit_cast<std::uint32_t>(resized > 1 ? static_cast<float>(size - 1) / static_cast<float>(resized - 1)
                                                    : 0.0f);
  return std::bit_cast<std::uint32_t>(static_cast<float>(size) / static_cast<float>(resized));
}

constexpr inferred infer_upsample(const operand_shapes& operands, std::span<const std::uint32_t> words, const shape&) {
  const auto a = read_attributes<upsample_attributes>(words);
  inferred y{.dims = *operands[0]};
  if (y.dims.rank != 3)
    return y.breaks(fault::resample_rank, violation::text("f32[channels,height,width]"), 0, *operands[0]);
  for (std::uint32_t bits : {a.step_h, a.step_w})
    if (const float step = std::bit_cast<float>(bits); !(step >= 0 && step < 0x1p31f))
      return y.breaks(fault::attribute_range, violation::text("a step from 0 to below 2^31"),
                      violation::text("another number"));
  y.dims.sizes[1] = a.height, y.dims.sizes[2] = a.width;
  return y;
}

/// The pixels along one axis of which a pixel of the result is a mean, and the share of the second one.
struct neighbours {
  std::size_t first = 0, second = 0;
  double share = 0;
  bool one = false;  ///< there is no second one
};

constexpr neighbours neighbours_of(const upsample_attributes& a, std::uint32_t step_bits, std::size_t at,
                                   std::size_t size, std::size_t resized) {
  const float step = std::bit_cast<float>(step_bits);
  if (a.mode == interpolation::nearest) {
    // PyTorch computes this in float.
    const float place = static_cast<float>(at) * step;
    const bool inside = place < static_cast<float>(size);
    const auto whole = inside ? static_cast<std::size_t>(place) : size - 1;
    return {.first = whole < size ? whole : size - 1, .one = true};
  }
  const bool aligned = a.align_corners != 0;
  // An axis that keeps its size stays as it is.
  if (size == resized && (aligned || !(step < 1 || step > 1))) return {.first = at, .one = true};
  const double real = static_cast<double>(step);
  double place = aligned ? static_cast<double>(at) * real : (static_cast<double>(at) + 0.5) * real - 0.5;
  if (place < 0) place = 0;
  // At the end both neighbours are the last pixel.
  const auto first = place < static_cast<double>(size - 1) ? static_cast<std::size_t>(place) : size - 1;
  const double beyond = place - static_cast<double>(first);
  return {first, first + 1 < size ? first + 1 : first, beyond < 1 ? beyond : 1};
}

/// torch.nn.Upsample, torch.nn.functional.interpolate.
constexpr reference_values evaluate_upsample(const reference_inputs& from) {
  const auto a = read_attributes<upsample_attributes>(from.attributes);
  const reference_tensor& x = from.operands[0];
  const std::size_t height = x.dims.sizes[1], width = x.dims.sizes[2];
  const auto mean = [](const neighbours& n, double first, double second) {
    return n.one ? first : (1 - n.share) * first + n.share * second;
  };
  reference_values y;
  for (std::size_t c = 0; c < from.dims.sizes[0]; ++c)
    for (std::size_t i = 0; i < from.dims.sizes[1]; ++i) {
      const neighbours rows = neighbours_of(a, a.step_h, i, height, from.dims.sizes[1]);
      for (std::size_t j = 0; j < from.dims.sizes[2]; ++j) {
        const neighbours columns = neighbours_of(a, a.step_w, j, width, from.dims.sizes[2]);
        const auto in_row = [&](std::size_t row) {
          const std::size_t start = (c * height + row) * width;
          return mean(columns, x.elements[start + columns.first], x.elements[start + columns.second]);
        };
        y.push_back(rows.one ? in_row(rows.first) : mean(rows, in_row(rows.first), in_row(rows.second)));
      }
    }
  return y;
}

struct adaptive_avg_pool_attributes {
  std::uint32_t height = 1, width = 1;
};
inline constexpr attribute_row adaptive_avg_pool_schema[] = {{"height"}, {"width"}};

/// x[C,H,W] -> [C,height,width].
constexpr inferred infer_adaptive_avg_pool(const operand_shapes& operands, std::span<const std::uint32_t> words,
                                           const shape&) {
  const auto a = read_attributes<adaptive_avg_pool_attributes>(words);
  inferred y{.dims = *operands[0]};
  if (y.dims.rank != 3)
    return y.breaks(fault::resample_rank, violation::text("f32[channels,height,width]"), 0, *operands[0]);
  y.dims.sizes[1] = a.height, y.dims.sizes[2] = a.width;
  return y;
}

/// Part `index` of `parts` of an axis: from floor(index * size / parts) to below ceil((index + 1) * size / parts).
struct axis_part {
  std::size_t begin, end;

  constexpr axis_part(std::size_t index, std::size_t parts, std::size_t size)
      : begin(index * size / parts), end(((index + 1) * size + parts - 1) / parts) {}
  constexpr std::size_t length() const { return end - begin; }
};

/// The mean of each part of the image; parts may overlap (torch.nn.AdaptiveAvgPool2d).
constexpr reference_values evaluate_adaptive_avg_pool(const reference_inputs& from) {
  const reference_tensor& x = from.operands[0];
  const std::size_t height = x.dims.sizes[1], width = x.dims.sizes[2];
  reference_values y;
  for (std::size_t c = 0; c < from.dims.sizes[0]; ++c)
    for (std::size_t i = 0; i < from.dims.sizes[1]; ++i)
      for (std::size_t j = 0; j < from.dims.sizes[2]; ++j) {
        const axis_part rows(i, from.dims.sizes[1], height), columns(j, from.dims.sizes[2], width);
        double sum = 0;
        for (std::size_t row = rows.begin; row < rows.end; ++row)
          for (std::size_t column = columns.begin; column < columns.end; ++column)
            sum += x.elements[(c * height + row) * width + column];
        y.push_back(sum / static_cast<double>(rows.length() * columns.length()));
      }
  return y;
}

inline constexpr op_row upsample_row{.id = op::upsample,
                                     .name = "upsample",
                                     .least_operands = 1,
                                     .most_operands = 1,
                                     .attributes = upsample_schema,
                                     .infer = infer_upsample,
                                     .evaluate = evaluate_upsample};
inline constexpr op_row adaptive_avg_pool_row{.id = op::adaptive_avg_pool,
                                              .name = "adaptive_avg_pool",
                                              .least_operands = 1,
                                              .most_operands = 1,
                                              .attributes = adaptive_avg_pool_schema,
                                              .infer = infer_adaptive_avg_pool,
                                              .evaluate = evaluate_adaptive_avg_pool};

}  // namespace ops
}  // namespace inlay
