// SPDX-License-Identifier: Apache-2.0
// The dense layer.
#pragma once

#include "inlay/ops/operation.hpp"

namespace inlay::ops {

struct dense_attributes {
  zeros zero_inputs = zeros::automatic;
};
inline constexpr attribute_row dense_schema[] = {{"zero_inputs", static_cast<std::uint32_t>(zeros::multiply)}};

/// x[K], weight[N,K], bias[N] or none -> [N].
constexpr inferred infer_dense(const operand_shapes& operands, std::span<const std::uint32_t>, const shape&) {
  using detail::numbered, detail::shape_text;
  const shape &x = *operands[0], &w = *operands[1];
  inferred y{.dims = {1, {w.rank == 0 ? 1 : w.sizes[0]}}};
  if (x.rank != 1) return y.breaks(fault::dense_rank, violation::text("f32[n]"), shape_text(x));
  if (w.rank == 0) return y.breaks(fault::dense_weight, numbered("f32[n,", x.sizes[0]).append("]"), shape_text(w));
  const shape wanted{2, {w.sizes[0], x.sizes[0]}};
  if (!(w == wanted)) return y.breaks(fault::dense_weight, shape_text(wanted), shape_text(w));
  if (const shape* bias = operands[2]; bias != nullptr && !(*bias == y.dims))
    return y.breaks(fault::dense_bias, shape_text(y.dims), shape_text(*bias));
  return y;
}

/// y[n] = sum_k weight[n][k] x[k] + bias[n] (torch.nn.Linear).
constexpr reference_values evaluate_dense(const reference_inputs& from) {
  const double *x = from.operands[0].elements.data(), *weight = from.operands[1].elements.data();
  const std::span<const double> bias = from.operands[2].elements;
  const std::size_t inputs = from.operands[0].elements.size(), outputs = from.dims.size();
  reference_values y;
  for (std::size_t n = 0; n < outputs; ++n) {
    double sum = bias.empty() ? 0 : bias[n];
    for (std::size_t k = 0; k < inputs; ++k) sum += weight[n * inputs + k] * x[k];
    y.push_back(sum);
  }
  return y;
}

/// A multiply-add for each weight.
constexpr std::uint64_t flops_of_dense(const operand_shapes& operands, const shape&) {
  return 2 * operands[1]->elements();
}

inline constexpr op_row dense_row{.id = op::dense,
                                  .name = "dense",
                                  .least_operands = 3,
                                  .most_operands = 3,
                                  .optional_operand = 2,
                                  .attributes = dense_schema,
                                  .infer = infer_dense,
                                  .flops = flops_of_dense,
                                  .evaluate = evaluate_dense};

}  // namespace inlay::ops
