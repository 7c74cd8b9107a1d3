// SPDX-License-Identifier: Apache-2.0
// Normalisation: what layer_norm, rms_norm, group_norm and instance_norm have in common.
#pragma once

#include "inlay/ops/operation.hpp"

namespace inlay::ops {

/// The elements along the axes from `axis` on are normalised together, in `groups` parts of axis `axis`. Without
/// `centred`, their mean stays in.
struct normalize_attributes {
  std::uint32_t axis = 0;
  std::uint32_t groups = 1;
  float eps = 0;
  std::uint32_t centred = 1;
};
inline constexpr attribute_row normalize_schema[] = {{"axis"}, {"groups"}, {"eps"}, {"centred", 1}};

/// The shape of x.
constexpr inferred infer_normalize(const operand_shapes& operands, std::span<const std::uint32_t> attributes,
                                   const shape&) {
  const auto a = read_attributes<normalize_attributes>(attributes);
  inferred y{.dims = *operands[0]};
  if (a.axis >= y.dims.rank)
    return y.breaks(fault::attribute_range, detail::numbered("rank above ", a.axis), 0, *operands[0]);
  if (a.groups == 0 || y.dims.sizes[a.axis] % a.groups != 0)
    return y.breaks(fault::norm_options, detail::numbered("a divisor of ", y.dims.sizes[a.axis]),
                    detail::numbered("groups ", a.groups));
  constexpr std::uint32_t infinity = 0x7f800000u;  // numbers from 0 on have smaller bits than infinity
  if (std::bit_cast<std::uint32_t>(a.eps) >= infinity)
    return y.breaks(fault::norm_options, violation::text("a finite eps from 0 on"), violation::text("another eps"));
  return y;
}

/// For each run: (x - mean) / sqrt(mean of (x - mean)^2 + eps), where the mean counts as 0 unless it is `centred`
/// (torch.nn.LayerNorm, RMSNorm).
constexpr reference_values evaluate_normalize(const reference_inputs& from) {
  const auto a = read_attributes<normalize_attributes>(from.attributes);
  std::size_t runs = a.groups;
  for (std::uint32_t axis = 0; axis < a.axis; ++axis) runs *= from.dims.sizes[axis];
  const std::span<const double> x = from.operands[0].elements;
  const std::size_t length = x.size() / runs;
  const auto count = static_cast<double>(length);
  reference_values y;
  for (std::size_t start = 0; start < x.size(); start += length) {
    const std::span<const double> run = x.subspan(start, length);
    double mean = 0, variance = 0;
    if (a.centred != 0)
      for (double each : run) mean += each;
    mean /= count;
    for (double each : run) variance += (each - mean) * (each - mean);
    variance /= count;
    const double deviation = math::sqrt(variance + static_cast<double>(a.eps));
    for (double each : run) y.push_back(math::divide(each - mean, deviation));
  }
  return y;
}

/// A sum; a difference, its square and their sum; a difference and a product.
constexpr std::uint64_t flops_of_normalize(const operand_shapes&, const shape& result) { return 6 * result.elements(); }

inline constexpr op_row normalize_row{.id = op::normalize,
                                      .name = "normalize",
                                      .least_operands = 1,
                                      .most_operands = 1,
                                      .attributes = normalize_schema,
                                      .infer = infer_normalize,
                                      .flops = flops_of_normalize,
                                      .evaluate = evaluate_normalize};

}  // namespace inlay::ops
