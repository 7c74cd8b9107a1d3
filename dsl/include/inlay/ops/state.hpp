// SPDX-License-Identifier: Apache-2.0
// What a network remembers from one step to the next: states that it assigns, and the history of a value.
#pragma once

#include "inlay/ops/operation.hpp"

namespace inlay::ops {

/// The shape that was asked for, which the initial value must have.
constexpr inferred infer_state(const operand_shapes& operands, std::span<const std::uint32_t>, const shape& requested) {
  inferred y{.dims = requested};
  if (operands[0] == nullptr || *operands[0] == requested) return y;
  return y.breaks(fault::state_shape, detail::shape_text(requested), 0, *operands[0]);
}

/// The shape of the state.
constexpr inferred infer_update(const operand_shapes& operands, std::span<const std::uint32_t>, const shape&) {
  inferred y{.dims = *operands[0]};
  if (*operands[0] == *operands[1]) return y;
  y.breaks(fault::state_shape, detail::shape_text(*operands[0]), 1, *operands[1]);
  y.layer = 0;
  return y;
}

/// Row i of the result is x as it was `(taps - 1 - i) * dilation` steps ago. The last row is x of this step.
struct history_attributes {
  std::uint32_t taps = 1;
  std::uint32_t dilation = 1;

  /// Steps before this one whose x is kept.
  constexpr std::uint64_t steps() const { return (std::uint64_t{taps} - 1) * dilation; }
};
inline constexpr attribute_row history_schema[] = {{"taps"}, {"dilation"}};

/// [taps, ...x].
constexpr inferred infer_history(const operand_shapes& operands, std::span<const std::uint32_t> attributes,
                                 const shape&) {
  const auto a = read_attributes<history_attributes>(attributes);
  const shape& x = *operands[0];
  inferred y;
  y.dims.rank = x.rank < max_rank ? x.rank + 1 : max_rank;
  y.dims.sizes[0] = a.taps;
  for (std::uint32_t i = 1; i < y.dims.rank; ++i) y.dims.sizes[i] = x.sizes[i - 1];
  if (x.rank == max_rank) return y.breaks(fault::rank_range, detail::numbered("rank up to ", max_rank - 1), 0, x);
  const std::uint64_t elements = x.elements();
  if (a.taps == 0 || a.dilation == 0 || elements == 0 || a.steps() > max_elements / elements)
    return y.breaks(fault::history_steps, violation::text("steps x elements below 2^31"),
                    detail::numbered("taps ", a.taps).append(", dilation ").append(std::uint64_t{a.dilation}));
  return y;
}

inline constexpr op_row state_row{.id = op::state,
                                  .name = "state",
                                  .least_operands = 1,
                                  .most_operands = 1,
                                  .optional_operand = 0,
                                  .infer = infer_state};
inline constexpr op_row update_row{
    .id = op::update, .name = "update", .least_operands = 2, .most_operands = 2, .moves = true, .infer = infer_update};
inline constexpr op_row history_row{.id = op::history,
                                    .name = "history",
                                    .least_operands = 1,
                                    .most_operands = 1,
                                    .attributes = history_schema,
                                    .moves = true,
                                    .infer = infer_history};

}  // namespace inlay::ops
