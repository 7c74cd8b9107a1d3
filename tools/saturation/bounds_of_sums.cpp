// SPDX-License-Identifier: Apache-2.0
// Bounds of dense layers and convolutions.
#include "node_bounds.hpp"

namespace inlay::saturation {
namespace {

/// The bounds of a sum, term by term.
struct sum_bounds {
  double low = 0, high = 0;
  double size = 0;        ///< the largest sum of the terms' magnitudes
  double of_weights = 0;  ///< the part of `size` that depends on weights
  std::uint32_t terms = 0;
  bool has_negative = false, has_positive = false;

  void add_term(const interval& term, bool is_product) {
    low += term.low, high += term.high;  // an unknown term makes NaN of both
    const double magnitude = size_of(term);
    size += magnitude;
    if (is_product) of_weights += magnitude;
    ++terms;
    has_negative = has_negative || term.low < 0, has_positive = has_positive || term.high > 0;
  }
  void add(const interval& weight, const interval& x) {
    if (!weight.is_point() || !x.is_known())
      add_term(product(weight, x), true);
    else
      add_term(weight.low < 0 ? interval{weight.low * x.high, weight.low * x.low}
                              : interval{weight.low * x.low, weight.low * x.high},
               true);
  }

  /// The sum of n terms in f32 is off by (n + 2) roundings of the terms' magnitudes in any order, with fused
  /// multiply-add or without, and a product by a denormal. That is far above the error of `low` and `high`, which are
  /// doubles.
  interval result(double weight_error) const {
    const double share = (terms + 2.0) * kRounding;
    if (!(share < 0.5)) return kUnknown;
    const double error = share / (1 - share) * size + terms * kDenormal + weight_error * (1 + 2 * share) * of_weights;
    interval sum{low - error, high + error};
    // However they are rounded, the terms of a sum without negative ones do not make a negative number.
    if (!has_negative) sum.low = std::max(sum.low, 0.0);
    if (!has_positive) sum.high = std::min(sum.high, 0.0);
    return size <= std::numeric_limits<float>::max() ? settled(sum.low, sum.high) : kUnknown;
  }
};

/// Calls `add(output, weight, input)` with the indices of every product.
template <class Add>
void for_each_product_of_dense(const node_view& v, Add add) {
  const std::size_t outputs = v.node.dims.size(), inputs = v.dims_of(0).size();
  for (std::size_t n = 0; n < outputs; ++n)
    for (std::size_t k = 0; k < inputs; ++k) add(n, n * inputs + k, k);
}

/// Also calls `require(channel, weight)` with the weights of every channel: those that meet padding alone count,
/// because a product of NaN and 0 is NaN.
template <class Add, class Require>
void for_each_product_of_conv(const node_view& v, Add add, Require require) {
  const auto attributes = read_attributes<ops::conv2d_attributes>(v.attributes());
  const shape &weight = v.dims_of(1), &y = v.node.dims;
  const std::size_t depth = weight.sizes[1], outputs_of_group = weight.sizes[0] / attributes.groups;
  const ops::window_axes axes(attributes.window, v.dims_of(0), weight.sizes[2], weight.sizes[3]);
  for (std::size_t n = 0; n < y.sizes[0]; ++n)
    for (std::size_t c = 0; c < depth; ++c)
      for (std::size_t p = 0; p < axes.h.kernel; ++p)
        for (std::size_t q = 0; q < axes.w.kernel; ++q) {
          const std::size_t tap = ((n * depth + c) * axes.h.kernel + p) * axes.w.kernel + q;
          const std::size_t plane = n / outputs_of_group * depth + c;
          require(n, tap);
          for (std::size_t i = 0; i < y.sizes[1]; ++i) {
            const std::int64_t row = axes.h.position(i, p);
            if (!axes.h.holds(row)) continue;
            for (std::size_t j = 0; j < y.sizes[2]; ++j)
              if (const std::int64_t column = axes.w.position(j, q); axes.w.holds(column))
                add((n * y.sizes[1] + i) * y.sizes[2] + j, tap,
                    (plane * axes.h.size + static_cast<std::size_t>(row)) * axes.w.size +
                        static_cast<std::size_t>(column));
          }
        }
}

template <class Add, class Require>
void for_each_product_of_transposed(const node_view& v, Add add, Require require) {
  const auto a = read_attributes<ops::conv_transpose2d_attributes>(v.attributes());
  const shape &x = v.dims_of(0), &weight = v.dims_of(1), &y = v.node.dims;
  const std::size_t outputs = weight.sizes[1], inputs_of_group = x.sizes[0] / a.groups;
  for (std::size_t c = 0; c < x.sizes[0]; ++c)
    for (std::size_t n = 0; n < outputs; ++n)
      for (std::size_t p = 0; p < weight.sizes[2]; ++p)
        for (std::size_t q = 0; q < weight.sizes[3]; ++q) {
          const std::size_t channel = c / inputs_of_group * outputs + n;
          const std::size_t tap = ((c * outputs + n) * weight.sizes[2] + p) * weight.sizes[3] + q;
          require(channel, tap);
          for (std::size_t i = 0; i < x.sizes[1]; ++i)
            for (std::size_t j = 0; j < x.sizes[2]; ++j) {
              const std::size_t down = i * a.window.stride_h + p * a.window.dilation_h;
              const std::size_t right = j * a.window.stride_w + q * a.window.dilation_w;
              if (down < a.window.padding_top || right < a.window.padding_left) continue;
              const std::size_t row = down - a.window.padding_top, column = right - a.window.padding_left;
              if (row >= y.sizes[1] || column >= y.sizes[2]) continue;
              add((channel * y.sizes[1] + row) * y.sizes[2] + column, tap, (c * x.sizes[1] + i) * x.sizes[2] + j);
            }
        }
}

}  // namespace

bounds of_sums_of_products(const node_view& v) {
  const bounds &x = *v.operands[0], &weight = *v.operands[1];
  std::vector<sum_bounds> sums(v.node.dims.size());
  const auto add = [&](std::size_t output, std::size_t tap, std::size_t input) {
    sums[output].add(weight[tap], x[input]);
  };
  std::vector<bool> is_known(v.node.dims.sizes[0], true);
  const auto require = [&](std::size_t channel, std::size_t tap) {
    if (!weight[tap].is_known()) is_known[channel] = false;
  };
  if (v.node.kind == op::dense)
    for_each_product_of_dense(v, add);
  else if (v.node.kind == op::conv2d)
    for_each_product_of_conv(v, add, require);
  else
    for_each_product_of_transposed(v, add, require);
  bounds y;
  const std::size_t pixels = sums.size() / v.node.dims.sizes[0];  // of a channel, which has one element of the bias
  for (std::size_t i = 0; i < sums.size(); ++i) {
    if (v.operands[2] != nullptr) sums[i].add_term((*v.operands[2])[i / pixels], false);
    y.push_back(is_known[i / pixels] ? sums[i].result(v.weight_error) : kUnknown);
  }
  return y;
}

}  // namespace inlay::saturation
