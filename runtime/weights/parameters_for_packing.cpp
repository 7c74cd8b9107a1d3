// SPDX-License-Identifier: Apache-2.0
// Checks weights and puts them side by side as a network's pack function reads them.
#include <algorithm>
#include <cmath>

#include "inlay/packed.hpp"

namespace inlay::detail {

std::vector<float> parameters_for_packing(const graph_view& graph, const weights& w, std::vector<std::string>& errors) {
  errors = check_weights(graph, w);
  if (!errors.empty()) return {};
  std::vector<float> parameters(parameter_elements(graph));
  for (std::uint32_t i = 0; i < graph.nodes.size(); ++i) {
    if (graph.nodes[i].kind != op::parameter) continue;
    const weight_tensor& tensor = *w.find(graph.name_of(graph.nodes[i]));
    const auto wrong = std::ranges::find_if(tensor.values, [](float each) { return !std::isfinite(each); });
    if (wrong != tensor.values.end())
      errors.push_back("parameter '" + tensor.name + "': element " + std::to_string(wrong - tensor.values.begin()) +
                       " is " + (std::isnan(*wrong) ? "NaN" : "infinite") +
                       "; weights that are an argument must be finite, because kernels may leave out the products of "
                       "inputs that are zero");
    std::ranges::copy(tensor.values, parameters.begin() + static_cast<std::ptrdiff_t>(parameter_offset(graph, i)));
  }
  return parameters;
}

}  // namespace inlay::detail
