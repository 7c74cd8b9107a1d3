// SPDX-License-Identifier: Apache-2.0
// Compares the parameters of a graph with a weights file.
#include <algorithm>

#include "inlay/weights.hpp"

namespace inlay {
namespace {

template <class Sizes>
std::string shape_text(const Sizes& sizes) {
  std::string text = "f32[";
  for (std::size_t i = 0; i < sizes.size(); ++i) text += (i == 0 ? "" : ",") + std::to_string(sizes[i]);
  return text + "]";
}

std::span<const std::uint32_t> sizes_of(const node_record& n) { return {n.dims.sizes.data(), n.dims.rank}; }

}  // namespace

std::vector<std::string> check_weights(std::span<const graph_view> graphs, const weights& w) {
  std::vector<std::string> problems;
  std::vector<std::string_view> known;
  for (const graph_view& graph : graphs)
    for (const node_record& node : graph.nodes) {
      if (node.kind != op::parameter) continue;
      const std::string name(graph.name_of(node));
      known.push_back(graph.name_of(node));
      const weight_tensor* tensor = w.find(name);
      if (tensor == nullptr) {
        problems.push_back("missing parameter '" + name + "': expected " + shape_text(sizes_of(node)));
      } else if (!std::ranges::equal(tensor->shape, sizes_of(node))) {
        problems.push_back("misshaped parameter '" + name + "': expected " + shape_text(sizes_of(node)) + ", found " +
                           shape_text(tensor->shape));
      }
    }
  std::ranges::sort(known);
  for (const weight_tensor& tensor : w.tensors)
    if (!std::ranges::binary_search(known, std::string_view(tensor.name)))
      problems.push_back("extra tensor '" + tensor.name + "' " + shape_text(tensor.shape) +
                         ": no layer has a parameter of this name");
  return problems;
}

std::vector<std::string> check_weights(const graph_view& graph, const weights& w) {
  return check_weights(std::span(&graph, 1), w);
}

const weight_tensor* weights::find(std::string_view name) const {
  const auto found =
      std::ranges::lower_bound(tensors, name, {}, [](const weight_tensor& t) { return std::string_view(t.name); });
  return found != tensors.end() && found->name == name ? &*found : nullptr;
}

}  // namespace inlay
