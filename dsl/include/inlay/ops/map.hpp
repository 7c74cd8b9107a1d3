// SPDX-License-Identifier: Apache-2.0
// Pointwise programs.
#pragma once

#include "inlay/ops/operation.hpp"

namespace inlay::ops {

/// Every operand has the result's shape or one element.
constexpr inferred infer_map(const operand_shapes& operands, std::span<const std::uint32_t>, const shape& requested) {
  inferred y{.dims = requested};
  for (std::uint32_t i = 0; i < operands.size(); ++i) {
    const shape& found = *operands[i];
    if (found == requested || found.elements() == 1) continue;
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
  for (std::size_t i = 0, elements = from.dims.size(); i < elements; ++i) {
    inputs.shrink(0), results.shrink(0);
    for (const reference_tensor& operand : from.operands)
      inputs.push_back(operand.elements[operand.elements.size() == 1 ? 0 : i]);
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
