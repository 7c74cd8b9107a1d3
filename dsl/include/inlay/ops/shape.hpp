// SPDX-License-Identifier: Apache-2.0
// Operations that move elements: reshape, concat, slice and transpose.
#pragma once

#include "inlay/ops/operation.hpp"

namespace inlay::ops {

/// How many runs of contiguous elements an axis divides a value into: as many as there are indices before it.
constexpr std::size_t runs_along(std::uint32_t axis, const shape& dims) {
  std::size_t runs = 1;
  for (std::uint32_t i = 0; i < axis; ++i) runs *= dims.sizes[i];
  return runs;
}

/// The shape that was asked for, with as many elements as the operand.
constexpr inferred infer_reshape(const operand_shapes& operands, std::span<const std::uint32_t>,
                                 const shape& requested) {
  inferred y{.dims = requested};
  if (operands[0]->elements() == requested.elements()) return y;
  return y.breaks(fault::reshape_elements, detail::shape_text(requested), 0, *operands[0]);
}

/// The same elements in row-major order.
constexpr reference_values evaluate_reshape(const reference_inputs& from) {
  reference_values y;
  y.append(from.operands[0].elements);
  return y;
}

struct concat_attributes {
  std::uint32_t axis = 0;
};
inline constexpr attribute_row concat_schema[] = {{"axis"}};

/// Pieces of one shape except along the axis, where the sizes add up (torch.cat).
constexpr inferred infer_concat(const operand_shapes& operands, std::span<const std::uint32_t> attributes,
                                const shape&) {
  const std::uint32_t axis = read_attributes<concat_attributes>(attributes).axis;
  inferred y{.dims = *operands[0]};
  std::uint64_t joined = 0;
  if (axis >= y.dims.rank)
    return y.breaks(fault::concat_shapes, detail::numbered("rank above ", axis), 0, *operands[0]);
  for (std::uint32_t i = 0; i < operands.size(); ++i) {
    shape piece = *operands[i];
    if (axis < piece.rank) joined += piece.sizes[axis], piece.sizes[axis] = operands[0]->sizes[axis];
    if (y.code == fault::none && !(piece == *operands[0])) {
      y.expected_of = 0;
      y.breaks(fault::concat_shapes, detail::shape_text(*operands[0]), i, *operands[i]);
    }
  }
  // What does not fit is too large for a value, which is another rule.
  y.dims.sizes[axis] = joined < 0xffffffffu ? static_cast<std::uint32_t>(joined) : 0xffffffffu;
  return y;
}

/// For each index before the axis, one run of every piece.
constexpr reference_values evaluate_concat(const reference_inputs& from) {
  const std::size_t runs = runs_along(read_attributes<concat_attributes>(from.attributes).axis, from.dims);
  reference_values y;
  for (std::size_t r = 0; r < runs; ++r)
    for (const reference_tensor& piece : from.operands) {
      const std::size_t run = piece.elements.size() / runs;
      y.append(piece.elements.subspan(r * run, run));
    }
  return y;
}

struct slice_attributes {
  std::uint32_t axis = 0, start = 0, length = 1;
};
inline constexpr attribute_row slice_schema[] = {{"axis"}, {"start"}, {"length"}};

/// x[..., start .. start + length, ...] (torch.narrow).
constexpr inferred infer_slice(const operand_shapes& operands, std::span<const std::uint32_t> attributes,
                               const shape&) {
  const auto [axis, start, length] = read_attributes<slice_attributes>(attributes);
  inferred y{.dims = *operands[0]};
  if (axis >= y.dims.rank)
    return y.breaks(fault::attribute_range, detail::numbered("rank above ", axis), 0, *operands[0]);
  const std::uint64_t end = std::uint64_t{start} + length;
  if (length == 0 || end > y.dims.sizes[axis])
    return y.breaks(fault::attribute_range,
                    detail::numbered("size ", length == 0 ? end + 1 : end)
                        .append(" or more along axis ")
                        .append(std::uint64_t{axis}),
                    0, *operands[0]);
  y.dims.sizes[axis] = length;
  return y;
}

/// For each index before the axis, one run.
constexpr reference_values evaluate_slice(const reference_inputs& from) {
  const auto [axis, start, length] = read_attributes<slice_attributes>(from.attributes);
  const reference_tensor& x = from.operands[0];
  const std::size_t runs = runs_along(axis, x.dims), inner = x.elements.size() / runs / x.dims.sizes[axis];
  reference_values y;
  for (std::size_t r = 0; r < runs; ++r)
    y.append(x.elements.subspan((r * x.dims.sizes[axis] + start) * inner, length * inner));
  return y;
}

struct transpose_attributes {
  std::uint32_t first = 0, second = 1;
};
inline constexpr attribute_row transpose_schema[] = {{"first"}, {"second"}};

constexpr inferred infer_transpose(const operand_shapes& operands, std::span<const std::uint32_t> attributes,
                                   const shape&) {
  const auto [first, second] = read_attributes<transpose_attributes>(attributes);
  inferred y{.dims = *operands[0]};
  if (const std::uint32_t highest = first > second ? first : second; highest >= y.dims.rank)
    return y.breaks(fault::attribute_range, detail::numbered("rank above ", highest), 0, *operands[0]);
  y.dims.sizes[first] = operands[0]->sizes[second], y.dims.sizes[second] = operands[0]->sizes[first];
  return y;
}

/// y[..., i, ..., j, ...] = x[..., j, ..., i, ...] (torch.transpose).
constexpr reference_values evaluate_transpose(const reference_inputs& from) {
  const auto [first, second] = read_attributes<transpose_attributes>(from.attributes);
  const reference_tensor& x = from.operands[0];
  std::array<std::size_t, max_rank> strides{};  // of x, for each axis of y
  std::size_t inner = 1;
  for (std::uint32_t axis = x.dims.rank; axis-- > 0; inner *= x.dims.sizes[axis])
    strides[axis == first ? second : axis == second ? first : axis] = inner;
  reference_values y;
  for (std::size_t i = 0; i < x.elements.size(); ++i) {
    std::size_t rest = i, at = 0;
    for (std::uint32_t axis = from.dims.rank; axis-- > 0; rest /= from.dims.sizes[axis])
      at += rest % from.dims.sizes[axis] * strides[axis];
    y.push_back(x.elements[at]);
  }
  return y;
}

inline constexpr op_row transpose_row{.id = op::transpose,
                                      .name = "transpose",
                                      .least_operands = 1,
                                      .most_operands = 1,
                                      .attributes = transpose_schema,
                                      .moves = true,
                                      .infer = infer_transpose,
                                      .evaluate = evaluate_transpose};
inline constexpr op_row slice_row{.id = op::slice,
                                  .name = "slice",
                                  .least_operands = 1,
                                  .most_operands = 1,
                                  .attributes = slice_schema,
                                  .moves = true,
                                  .infer = infer_slice,
                                  .evaluate = evaluate_slice};
inline constexpr op_row reshape_row{.id = op::reshape,
                                    .name = "reshape",
                                    .least_operands = 1,
                                    .most_operands = 1,
                                    .moves = true,
                                    .infer = infer_reshape,
                                    .evaluate = evaluate_reshape};
inline constexpr op_row concat_row{.id = op::concat,
                                   .name = "concat",
                                   .least_operands = 1,
                                   .most_operands = any_number,
                                   .attributes = concat_schema,
                                   .moves = true,
                                   .infer = infer_concat,
                                   .evaluate = evaluate_concat};

}  // namespace inlay::ops
