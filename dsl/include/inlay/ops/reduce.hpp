// SPDX-License-Identifier: Apache-2.0
// Reductions over any axes: sums, means, extremes and their places.
#pragma once

#include "inlay/ops/operation.hpp"

namespace inlay::ops {

/// What a reduction makes of the elements along its axes.
enum class reduction : std::uint32_t { sum = 0, mean = 1, amax = 2, amin = 3, argmax = 4 };
inline constexpr std::string_view reduction_names[] = {"sum", "mean", "amax", "amin", "argmax"};

/// Bit i of `axes` stands for axis i. With `keepdim` these axes stay, with size 1.
struct reduce_attributes {
  reduction kind = reduction::sum;
  std::uint32_t axes = 0;
  std::uint32_t keepdim = 0;
};
inline constexpr attribute_row reduce_schema[] = {{"kind", 4}, {"axes"}, {"keepdim", 1}};

/// x without the axes, or with size 1 along them.
constexpr inferred infer_reduce(const operand_shapes& operands, std::span<const std::uint32_t> attributes,
                                const shape&) {
  const auto [kind, axes, keepdim] = read_attributes<reduce_attributes>(attributes);
  const shape& x = *operands[0];
  inferred y;
  for (std::uint32_t axis = 0; axis < x.rank; ++axis)
    if ((axes >> axis & 1) == 0)
      y.dims.sizes[y.dims.rank++] = x.sizes[axis];
    else if (keepdim != 0)
      y.dims.sizes[y.dims.rank++] = 1;
  if (axes >> x.rank == 0) return y;
  const auto last = static_cast<std::uint64_t>(std::bit_width(axes) - 1);
  return y.breaks(fault::attribute_range, detail::numbered("rank above ", last), 0, x);
}

/// The elements of `x` for each index of the axes that stay, in row-major order: `each(run)`.
template <class Each>
constexpr reference_values over_axes(const reference_tensor& x, std::uint32_t axes, Each each) {
  std::array<std::size_t, max_rank> place{}, step{};
  std::size_t runs = 1, stride = 1;
  for (std::uint32_t axis = x.dims.rank; axis-- > 0; stride *= x.dims.sizes[axis]) {
    step[axis] = stride;
    if ((axes >> axis & 1) == 0) place[axis] = runs, runs *= x.dims.sizes[axis];
  }
  reference_values y, run;
  for (std::size_t r = 0; r < runs; ++r) {
    std::size_t first = 0;
    for (std::uint32_t axis = 0; axis < x.dims.rank; ++axis)
      if ((axes >> axis & 1) == 0) first += r / place[axis] % x.dims.sizes[axis] * step[axis];
    run.shrink(0);
    for (std::size_t i = 0, length = x.elements.size() / runs; i < length; ++i) {
      std::size_t at = first, rest = i;
      for (std::uint32_t axis = x.dims.rank; axis-- > 0;)
        if ((axes >> axis & 1) != 0) at += rest % x.dims.sizes[axis] * step[axis], rest /= x.dims.sizes[axis];
      run.push_back(x.elements[at]);
    }
    y.push_back(each(run.view()));
  }
  return y;
}

/// Where the largest element is, or the smallest one. It is the first one of several, and a NaN is further out than
/// all numbers.
constexpr std::size_t place_of_extreme(std::span<const double> run, bool largest) {
  std::size_t place = 0;
  for (std::size_t i = 1; i < run.size() && !math::is_nan(run[place]); ++i)
    if (math::is_nan(run[i]) || (largest ? run[i] > run[place] : run[i] < run[place])) place = i;
  return place;
}

/// torch.sum, mean, amax, amin and argmax.
constexpr reference_values evaluate_reduce(const reference_inputs& from) {
  const auto attributes = read_attributes<reduce_attributes>(from.attributes);
  return over_axes(from.operands[0], attributes.axes, [kind = attributes.kind](std::span<const double> run) {
    if (kind == reduction::argmax) return static_cast<double>(place_of_extreme(run, true));
    if (kind == reduction::amax || kind == reduction::amin) return run[place_of_extreme(run, kind == reduction::amax)];
    double total = 0;
    for (double each : run) total += each;
    return kind == reduction::mean ? total / static_cast<double>(run.size()) : total;
  });
}

/// An operation for each element of the operand.
constexpr std::uint64_t flops_of_reduce(const operand_shapes& operands, const shape&) {
  return operands[0]->elements();
}

inline constexpr op_row reduce_row{.id = op::reduce,
                                   .name = "reduce",
                                   .least_operands = 1,
                                   .most_operands = 1,
                                   .attributes = reduce_schema,
                                   .infer = infer_reduce,
                                   .flops = flops_of_reduce,
                                   .evaluate = evaluate_reduce};

}  // namespace inlay::ops
