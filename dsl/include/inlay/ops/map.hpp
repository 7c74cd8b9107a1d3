// SPDX-License-Identifier: Apache-2.0
// Pointwise programs.
#pragma once

#include "inlay/ops/operation.hpp"

namespace inlay::ops {

/// Whether a value of shape `from` can be an operand of a map of shape `to`: from the last axis on, each of its sizes
/// is that of the result, or 1, which repeats the element. One element goes with every shape.
constexpr bool broadcasts(const shape& from, const shape& to) {
  if (from.elements() == 1) return true;
  if (from.rank > to.rank) return false;
  const std::uint32_t missing = to.rank - from.rank;
  for (std::uint32_t axis = 0; axis < from.rank; ++axis)
    if (from.sizes[axis] != 1 && from.sizes[axis] != to.sizes[missing + axis]) return false;
  return true;
}

/// The shape of a pointwise operation on values of shapes `a` and `b` (torch.broadcast_shapes). Where there is none,
/// `a` or `b`, whichever has more elements than one.
constexpr shape broadcast_shape(const shape& a, const shape& b) {
  const shape &longer = a.rank >= b.rank ? a : b, &shorter = a.rank >= b.rank ? b : a;
  const shape& guess = a.elements() > 1 ? a : b.elements() > 1 ? b : longer;
  if (a.elements() <= 1 || b.elements() <= 1) return guess;
  shape both = longer;
  for (std::uint32_t axis = 0; axis < shorter.rank; ++axis) {
    std::uint32_t& size = both.sizes[longer.rank - shorter.rank + axis];
    if (size == 1) size = shorter.sizes[axis];
    if (shorter.sizes[axis] != 1 && shorter.sizes[axis] != size) return guess;
  }
  return both;
}

/// Where a map's operand has the element that belongs to an element of the result.
class broadcast_index {
 public:
  constexpr broadcast_index() = default;
  constexpr broadcast_index(const shape& from, const shape& to) : to_(to) {
    std::size_t stride = 1;
    for (std::uint32_t axis = from.rank; axis-- > 0; stride *= from.sizes[axis])
      if (from.sizes[axis] != 1 && axis + to.rank >= from.rank) strides_[axis + to.rank - from.rank] = stride;
    same_ = from == to;
  }
  constexpr std::size_t operator[](std::size_t element) const {
    if (same_) return element;
    std::size_t at = 0;
    for (std::uint32_t axis = to_.rank; axis-- > 0; element /= to_.sizes[axis])
      at += element % to_.sizes[axis] * strides_[axis];
    return at;
  }

 private:
  shape to_{};
  std::array<std::size_t, max_rank> strides_{};
  bool same_ = false;
};

/// Every operand can be broadcast to the result's shape, which the node asks for.
constexpr inferred infer_map(const operand_shapes& operands, std::span<const std::uint32_t>, const shape& requested) {
  inferred y{.dims = requested};
  for (std::uint32_t i = 0; i < operands.size(); ++i) {
    const shape& found = *operands[i];
    if (broadcasts(found, requested)) continue;
    // Name the operand that gave the map its shape as the other side of the mismatch.
    y.expected_of = 0;
    for (std::uint32_t other = 0; other < operands.size(); ++other)
      if (*operands[other] == requested) y.expected_of = other;
    return y.breaks(fault::pointwise_shapes, detail::shape_text(*operands[y.expected_of]), i, found);
  }
  return y;
}

/// One instruction. The program's numbers are f32; the arithmetic is double.
constexpr double evaluate_scalar(const instruction& c, std::span<const double> results,
                                 std::span<const double> operands) {
  const auto flag = [](bool holds) { return holds ? 1.0 : 0.0; };
  const double a = scalar_arity(c.code) > 0 ? results[c.a] : 0, b = scalar_arity(c.code) > 1 ? results[c.b] : 0;
  switch (c.code) {
    case scalar_op::operand: return operands[c.a];
    case scalar_op::literal: return static_cast<double>(c.p0);
    case scalar_op::add: return a + b;
    case scalar_op::subtract: return a - b;
    case scalar_op::multiply: return a * b;
    case scalar_op::divide: return math::divide(a, b);
    case scalar_op::minimum: return math::is_nan(a) ? a : math::is_nan(b) ? b : a < b ? a : b;
    case scalar_op::maximum: return math::is_nan(a) ? a : math::is_nan(b) ? b : a > b ? a : b;
    case scalar_op::less: return flag(a < b);
    case scalar_op::less_equal: return flag(a <= b);
    case scalar_op::greater: return flag(a > b);
    case scalar_op::greater_equal: return flag(a >= b);
    case scalar_op::equal: return flag(math::is_equal(a, b));
    case scalar_op::not_equal: return flag(!math::is_equal(a, b));
    case scalar_op::select: return !math::is_equal(a, 0) ? b : results[c.c];
    case scalar_op::apply: return row_of(c.function).formula(a, static_cast<double>(c.p0), static_cast<double>(c.p1));
  }
  return 0;
}

/// Runs the program on every element.
constexpr reference_values evaluate_map(const reference_inputs& from) {
  reference_values y, results, inputs;
  detail::small_vector<broadcast_index> places;
  for (const reference_tensor& operand : from.operands) places.push_back(broadcast_index(operand.dims, from.dims));
  for (std::size_t i = 0, elements = from.dims.size(); i < elements; ++i) {
    inputs.shrink(0), results.shrink(0);
    for (std::size_t o = 0; o < places.size(); ++o) inputs.push_back(from.operands[o].elements[places[o][i]]);
    for (const instruction& c : from.program) results.push_back(evaluate_scalar(c, results.view(), inputs.view()));
    y.push_back(results.back());
  }
  return y;
}

inline constexpr op_row map_row{.id = op::map,
                                .name = "map",
                                .least_operands = 1,
                                .most_operands = any_number,
                                .infer = infer_map,
                                .evaluate = evaluate_map};

}  // namespace inlay::ops
