// SPDX-License-Identifier: Apache-2.0
// Bounds of the instructions of a map.
#include "activation_ranges.hpp"
#include "node_bounds.hpp"

namespace inlay::saturation {
namespace {

/// Compiled code may use several operations for one, such as a product with the reciprocal.
constexpr double kOfOperation = 4 * kRounding;

/// 0, 1 or either. A comparison with NaN is one of them, too.
interval compared(scalar_op code, const interval& a, const interval& b) {
  const auto decided = [](bool always, bool never) -> interval { return {always ? 1.0 : 0.0, never ? 0.0 : 1.0}; };
  if (!a.is_known() || !b.is_known()) return {0, 1};
  const bool below = a.high<b.low, not_above = a.high <= b.low, above = a.low> b.high, not_below = a.low >= b.high;
  const bool same = a.is_point() && b.is_point() && math::is_equal(a.low, b.low);
  switch (code) {
    case scalar_op::less: return decided(below, not_below);
    case scalar_op::less_equal: return decided(not_above, above);
    case scalar_op::greater: return decided(above, not_above);
    case scalar_op::greater_equal: return decided(not_below, below);
    case scalar_op::equal: return decided(same, below || above);
    default: return decided(below || above, same);
  }
}

interval of_instruction(const instruction& c, std::span<const interval> results, std::span<const interval> operands) {
  const std::uint32_t arity = scalar_arity(c.code);
  const interval a = arity > 0 ? results[c.a] : interval{}, b = arity > 1 ? results[c.b] : interval{};
  const bool known = a.is_known() && b.is_known();
  switch (c.code) {
    case scalar_op::operand: return operands[c.a];
    case scalar_op::literal: return settled(static_cast<double>(c.p0), static_cast<double>(c.p0));
    case scalar_op::add: return known ? widened({a.low + b.low, a.high + b.high}, kOfOperation) : kUnknown;
    case scalar_op::subtract: return known ? widened({a.low - b.high, a.high - b.low}, kOfOperation) : kUnknown;
    case scalar_op::multiply: return widened(product(a, b), kOfOperation);
    case scalar_op::divide: return widened(quotient(a, b), kOfOperation);
    case scalar_op::minimum: return known ? interval{std::min(a.low, b.low), std::min(a.high, b.high)} : kUnknown;
    case scalar_op::maximum: return known ? interval{std::max(a.low, b.low), std::max(a.high, b.high)} : kUnknown;
    case scalar_op::select:
      if (a.is_known() && !a.holds(0.0)) return b;
      return a.is_known() && a.is_point() ? results[c.c] : hull(b, results[c.c]);
    case scalar_op::apply: return compiled_values_on(applied_function::of(c), a);
    default: return compared(c.code, a, b);
  }
}

}  // namespace

void run_program(std::span<const instruction> program, std::span<const interval> operands,
                 std::vector<interval>& results) {
  results.clear();
  for (const instruction& c : program) results.push_back(of_instruction(c, results, operands));
}

}  // namespace inlay::saturation
