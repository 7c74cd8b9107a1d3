// SPDX-License-Identifier: Apache-2.0
// Computes torch's weight_norm when weights are read.
#include "weight_norm.hpp"

#include <algorithm>
#include <cmath>

#include "parameter_names.hpp"

namespace inlay::detail {

weight_norm_names weight_norm_names_of(const std::string& parameter) {
  const std::size_t dot = parameter.rfind('.');
  const std::size_t last = dot == std::string::npos ? 0 : dot + 1;
  const std::string list = parameter.substr(0, last) + "parametrizations." + parameter.substr(last) + ".original";
  return {{parameter + "_g", parameter + "_v"}, {list + "0", list + "1"}};
}

std::string check_weight_norm(const tensor_entry& g, const tensor_entry& v) {
  const bool single = std::ranges::all_of(g.shape, [](std::uint64_t size) { return size == 1; });
  bool fits = single || g.shape.size() == v.shape.size();
  for (std::size_t i = 0; fits && !single && i < g.shape.size(); ++i)
    fits = g.shape[i] == 1 || g.shape[i] == v.shape[i];
  if (fits) return {};
  tensor_sizes expected(v.shape.size(), 1);
  if (!expected.empty()) expected[0] = v.shape[0];
  return "the lengths '" + g.name + "' " + shape_text(g.shape) + " do not fit the directions '" + v.name + "' " +
         shape_text(v.shape) + "; expected " + shape_text(expected);
}

std::string read_weight_norm(const tensor_file& file, const tensor_entry& g, const tensor_entry& v,
                             std::vector<float>& w, rounding_counts& counts) {
  std::vector<double> lengths, directions;
  if (std::string error = read_doubles(file, g, lengths); !error.empty()) return error;
  if (std::string error = read_doubles(file, v, directions); !error.empty()) return error;
  // The index in g for each element of v. Axes in which g has size 1 do not count.
  const auto place_of = [&](std::uint64_t element) {
    std::uint64_t place = 0, scale = 1;
    for (std::size_t i = v.shape.size(); i-- > 0;) {
      const std::uint64_t at = element % v.shape[i];
      element /= v.shape[i];
      if (lengths.size() == 1 || g.shape[i] == 1) continue;
      place += at * scale;
      scale *= g.shape[i];
    }
    return static_cast<std::size_t>(place);
  };
  // Scale by the largest magnitude, so that squares neither overflow nor underflow.
  std::vector<double> largest(lengths.size(), 0), sums(lengths.size(), 0);
  for (std::size_t i = 0; i < directions.size(); ++i) {
    double& most = largest[place_of(i)];
    most = std::max(most, std::abs(directions[i]));
  }
  // Do not scale if that is 0 or not finite: as in torch, a norm of 0 gives NaN, and infinities stay.
  for (double& most : largest)
    if (most == 0 || !std::isfinite(most)) most = 1;
  for (std::size_t i = 0; i < directions.size(); ++i) {
    const std::size_t place = place_of(i);
    const double part = directions[i] / largest[place];
    sums[place] += part * part;
  }
  w.resize(directions.size());
  for (std::size_t i = 0; i < directions.size(); ++i) {
    const std::size_t place = place_of(i);
    w[i] = round_to_float(lengths[place] * (directions[i] / largest[place]) / std::sqrt(sums[place]), counts);
  }
  return {};
}

}  // namespace inlay::detail
