// SPDX-License-Identifier: Apache-2.0
// What a network is given: inputs, weights from a file, and weights in the source.
#pragma once

#include "inlay/ops/operation.hpp"

namespace inlay::ops {

/// Attributes of a constant.
struct constant_attributes {
  std::uint32_t first_datum = 0;  ///< index of its first element in the table of data
};
inline constexpr attribute_row constant_schema[] = {{"first_datum"}};

/// The shape that was asked for.
constexpr inferred infer_given(const operand_shapes&, std::span<const std::uint32_t>, const shape& requested) {
  return {.dims = requested};
}

inline constexpr op_row input_row{.id = op::input, .name = "input", .infer = infer_given};
inline constexpr op_row parameter_row{.id = op::parameter, .name = "parameter", .infer = infer_given};
inline constexpr op_row constant_row{
    .id = op::constant, .name = "constant", .attributes = constant_schema, .infer = infer_given};

}  // namespace inlay::ops
