// SPDX-License-Identifier: Apache-2.0
// Softmax and its logarithm, over the last axis.
#pragma once

#include "inlay/ops/operation.hpp"

namespace inlay::ops {

/// The shape of x, which has an axis.
constexpr inferred infer_softmax(const operand_shapes& operands, std::span<const std::uint32_t>, const shape&) {
  inferred y{.dims = *operands[0]};
  if (y.dims.rank != 0) return y;
  y.layer = 0;
  return y.breaks(fault::softmax_rank, violation::text("f32[..,n]"), detail::shape_text(y.dims));
}

/// Calls `each(x, largest, sum of exp(x - largest))` for the elements of every run along the last axis.
template <class Each>
constexpr reference_values along_runs(const reference_inputs& from, Each each) {
  const std::size_t length = from.dims.sizes[from.dims.rank - 1];
  reference_values y;
  for (std::size_t start = 0; start < from.dims.size(); start += length) {
    const std::span<const double> run = from.operands[0].elements.subspan(start, length);
    double highest = run[0], sum = 0;
    for (std::size_t i = 0; i < length; ++i)
      if (!(run[i] <= highest)) highest = run[i];  // true for NaN, too
    for (std::size_t i = 0; i < length; ++i) sum += math::exp(run[i] - highest);
    for (std::size_t i = 0; i < length; ++i) y.push_back(each(run[i], highest, sum));
  }
  return y;
}

/// exp(x - max) / sum of exp(x - max) (torch.nn.Softmax).
constexpr reference_values evaluate_softmax(const reference_inputs& from) {
  return along_runs(from, [](double x, double highest, double sum) { return math::exp(x - highest) / sum; });
}

/// x - max - log(sum of exp(x - max)) (torch.nn.LogSoftmax).
constexpr reference_values evaluate_log_softmax(const reference_inputs& from) {
  return along_runs(from, [](double x, double highest, double sum) { return x - highest - math::log(sum); });
}

inline constexpr op_row softmax_row{.id = op::softmax,
                                    .name = "softmax",
                                    .least_operands = 1,
                                    .most_operands = 1,
                                    .infer = infer_softmax,
                                    .evaluate = evaluate_softmax};
inline constexpr op_row log_softmax_row{.id = op::log_softmax,
                                        .name = "log_softmax",
                                        .least_operands = 1,
                                        .most_operands = 1,
                                        .infer = infer_softmax,
                                        .evaluate = evaluate_log_softmax};

}  // namespace inlay::ops
