// SPDX-License-Identifier: Apache-2.0
// Bounds of the operations that are neither sums of products nor maps.
#include "node_bounds.hpp"

#include <map>

namespace inlay::saturation {
namespace {

/// The operation's reference meaning, on numbers instead of intervals.
template <class Number>
reference_values evaluated(const node_view& v, Number number_of) {
  std::vector<std::vector<double>> elements;
  for (const bounds* operand : v.operands) {
    elements.emplace_back();
    for (const interval& each : *operand) elements.back().push_back(number_of(each));
  }
  std::vector<reference_tensor> operands;
  for (std::size_t o = 0; o < elements.size(); ++o) operands.push_back({v.dims_of(o), elements[o]});
  return row_of(v.node.kind).evaluate({operands, v.attributes(), {}, v.node.dims});
}

/// How many roundings to f32 an element of a monotone operation's result has, each of up to the sum of its terms'
/// magnitudes; 0 if it is an element of the operand.
double roundings_of(const node_view& v) {
  const auto operand_elements = [&] { return static_cast<double>(v.dims_of(0).size()); };
  switch (v.node.kind) {
    case op::avg_pool: {
      const auto a = read_attributes<ops::avg_pool_attributes>(v.attributes());
      return static_cast<double>(a.kernel_h) * a.kernel_w + 4;
    }
    case op::adaptive_avg_pool: return operand_elements() / v.dims_of(0).sizes[0] + 4;
    case op::upsample: {
      const auto a = read_attributes<ops::upsample_attributes>(v.attributes());
      return a.mode == interpolation::nearest ? 0 : 12;
    }
    case op::reduce: {
      const auto a = read_attributes<ops::reduce_attributes>(v.attributes());
      const bool adds = a.kind == ops::reduction::sum || a.kind == ops::reduction::mean;
      return adds ? operand_elements() / static_cast<double>(v.node.dims.size()) + 4 : 0;
    }
    default: return 0;
  }
}

/// The place of an extreme is one of the places.
bounds of_argmax(const node_view& v) {
  const auto places = static_cast<double>(v.dims_of(0).size() / v.node.dims.size());
  return bounds(v.node.dims.size(), widened({0, places - 1}, kRounding));
}

}  // namespace

bounds of_monotone(const node_view& v) {
  if (v.node.kind == op::reduce &&
      read_attributes<ops::reduce_attributes>(v.attributes()).kind == ops::reduction::argmax)
    return of_argmax(v);
  const reference_values low = evaluated(v, [](const interval& x) { return x.low; });
  const reference_values high = evaluated(v, [](const interval& x) { return x.high; });
  const double share = roundings_of(v) * kRounding;
  bounds y;
  if (!(share > 0)) {
    for (std::size_t i = 0; i < low.size(); ++i) y.push_back(settled(low[i], high[i]));
    return y;
  }
  if (!(share < 0.5)) return bounds(low.size(), kUnknown);
  const reference_values size = evaluated(v, [](const interval& x) { return size_of(x); });
  bool has_negative = false, has_positive = false;
  for (const interval& x : *v.operands[0])
    has_negative = has_negative || !(x.low >= 0), has_positive = has_positive || !(x.high <= 0);
  for (std::size_t i = 0; i < low.size(); ++i) {
    const double error = share / (1 - share) * size[i] + share / kRounding * kDenormal;
    interval sum{low[i] - error, high[i] + error};
    if (!has_negative) sum.low = std::max(sum.low, 0.0);
    if (!has_positive) sum.high = std::min(sum.high, 0.0);
    // A mean is a sum before it is divided.
    const bool overflows = size[i] * (share / kRounding) > std::numeric_limits<float>::max();
    y.push_back(overflows ? kUnknown : settled(sum.low, sum.high));
  }
  return y;
}

bounds of_softmax(const node_view& v) {
  const bounds& x = *v.operands[0];
  const std::size_t length = v.node.dims.sizes[v.node.dims.rank - 1];
  const auto roundings = static_cast<double>(length) + 8;
  bounds y;
  for (std::size_t start = 0; start < x.size(); start += length) {
    const std::span<const interval> run(x.data() + start, length);
    double top = -math::infinity, size = 0;
    bool known = true;
    for (const interval& each : run) {
      known = known && each.is_known();
      top = std::max(top, each.high), size = std::max(size, size_of(each));
    }
    if (!known) {
      y.insert(y.end(), length, kUnknown);
      continue;
    }
    double least = 0, most = 0;  // sums of exp(x - top)
    for (const interval& each : run) least += std::exp(each.low - top), most += std::exp(each.high - top);
    for (const interval& each : run) {
      // x - top - log(sum). The sum is at least exp of the largest element, so the result is not above 0.
      const double low = each.low - top - std::log(most);
      const double high = least > 0 ? std::min(each.high - top - std::log(least), 0.0) : 0;
      if (v.node.kind == op::log_softmax) {
        const double error = 2 * kRounding * roundings * (4 * size + 1);
        y.push_back(settled(low - error, high + error));
      } else {
        // Arguments of exp below -104 give 0, so the rounding of an argument counts for 104 times as much at most.
        // Below the smallest normal number an exponential may be anything up to that.
        y.push_back(widened({std::exp(low) > 0x1p-126 ? std::exp(low) : 0.0, std::exp(high) + 0x1p-126},
                            2 * kRounding * (roundings + 2 * 104)));
      }
    }
  }
  return y;
}

bounds of_norm(const node_view& v) {
  const auto a = read_attributes<ops::normalize_attributes>(v.attributes());
  const bounds& x = *v.operands[0];
  std::size_t runs = a.groups;
  for (std::uint32_t axis = 0; axis < a.axis; ++axis) runs *= v.node.dims.sizes[axis];
  const std::size_t length = x.size() / runs;
  const auto count = static_cast<double>(length);
  const double share = (count + 16) * 2 * kRounding;
  bounds y;
  for (std::size_t start = 0; start < x.size(); start += length) {
    const std::span<const interval> run(x.data() + start, length);
    interval mean{0, 0};
    double size = 0;
    bool known = true;
    for (const interval& each : run) {
      known = known && each.is_known();
      mean.low += each.low / count, mean.high += each.high / count, size = std::max(size, size_of(each));
    }
    // Squares overflow in f32, and without eps a run of equal elements is divided by 0.
    if (!known || !(a.eps > 0) || !(share < 0.01) || 8 * size * size * count > std::numeric_limits<float>::max()) {
      y.insert(y.end(), length, kUnknown);
      continue;
    }
    if (a.centred == 0) mean = {0, 0};
    const double error = a.centred == 0 ? 0 : share * size;
    double squares = 0;
    bounds differences;
    for (const interval& each : run) {
      const interval d{each.low - mean.high - error, each.high - mean.low + error};
      differences.push_back(d);
      squares += size_of(d) * size_of(d) / count;
    }
    const double eps = static_cast<double>(a.eps);
    const double least = std::sqrt(eps), most = std::sqrt(squares + eps);  // of the deviation
    // No element is further from the mean than the square root of their number times their deviation.
    const double limit = std::sqrt(count);
    for (const interval& d : differences)
      y.push_back(widened(
          {std::max(d.low / (d.low < 0 ? least : most), -limit), std::min(d.high / (d.high < 0 ? most : least), limit)},
          share));
  }
  return y;
}

bounds of_embedding(const node_view& v) {
  const bounds &indices = *v.operands[0], &weight = *v.operands[1];
  const std::size_t rows = v.dims_of(1).sizes[0], width = v.dims_of(1).sizes[1];
  std::map<std::pair<double, double>, bounds> reached;  // most indices have the same bounds
  bounds y;
  for (const interval& index : indices) {
    bounds& row = reached[{index.low, index.high}];
    if (row.empty()) {
      const bool inside = index.low >= 0 && index.high < static_cast<double>(rows) && index.is_known();
      const auto first = inside ? static_cast<std::size_t>(std::ceil(index.low)) : 0;
      const auto last = inside ? static_cast<std::size_t>(std::floor(index.high)) : 0;
      for (std::size_t d = 0; d < width; ++d) {
        interval all = inside && first <= last ? weight[first * width + d] : kUnknown;
        for (std::size_t r = first; r <= last; ++r) all = hull(all, weight[r * width + d]);
        row.push_back(all);
      }
    }
    y.insert(y.end(), row.begin(), row.end());
  }
  return y;
}

bounds of_history(const node_view& v) {
  const bounds& x = *v.operands[0];
  const auto taps = read_attributes<ops::history_attributes>(v.attributes()).taps;
  bounds y;
  for (std::uint32_t tap = 0; tap < taps; ++tap)
    for (const interval& each : x) y.push_back(tap + 1 == taps ? each : hull(each, {0, 0}));
  return y;
}

}  // namespace inlay::saturation
