// SPDX-License-Identifier: Apache-2.0
// Counts the zeros among the values of a network, as its definition in double gives them.
#include "zeros.hpp"

#include <algorithm>
#include <map>
#include <numeric>

namespace sparsity_example {
namespace {

using inlay::graph_view;
using inlay::node_record;
using inlay::op;

bool is_relu(const graph_view& graph, const node_record& node) {
  return node.kind == op::map && graph.program(node).back().code == inlay::scalar_op::apply &&
         graph.program(node).back().function == inlay::activation::relu;
}

/// As in the DSL, without the arguments of layers. Values that nobody asked for have no name.
std::string name_of(const graph_view& graph, std::uint32_t index) {
  const node_record& node = graph.nodes[index];
  const auto operand = [&] { return name_of(graph, graph.operands(node)[0]); };
  if (node.kind == op::max_pool) return "max_pool(" + operand() + ")";
  if (is_relu(graph, node)) return "relu(" + operand() + ")";
  return std::string(graph.name_of(node));
}

}  // namespace

double sparse_value::share() const {
  return static_cast<double>(std::accumulate(zeros.begin(), zeros.end(), std::uint64_t{0})) /
         static_cast<double>(elements.size());
}

std::size_t sparse_value::always_zero() const { return static_cast<std::size_t>(std::ranges::count(zeros, samples())); }

std::size_t sparse_value::never_zero() const { return static_cast<std::size_t>(std::ranges::count(zeros, 0u)); }

std::vector<sparse_value> find_zeros(inlay::interpreter& network, std::span<const float> samples) {
  const graph_view& graph = network.graph();
  std::map<std::uint32_t, sparse_value> found;
  std::size_t inputs = 0;
  for (std::uint32_t i = 0; i < graph.nodes.size(); ++i) {
    const node_record& node = graph.nodes[i];
    if (node.kind != op::input && node.kind != op::max_pool && !is_relu(graph, node)) continue;
    found[i] = {name_of(graph, i), node.dims, std::vector<std::uint32_t>(node.dims.size()), {}};
    if (node.kind == op::input) inputs = node.dims.size();
  }
  network.observe([&](std::uint32_t node, std::span<const double> elements) {
    const auto at = found.find(node);
    if (at == found.end()) return;
    for (std::size_t i = 0; i < elements.size(); ++i) {
      at->second.zeros[i] += elements[i] == 0;
      at->second.elements.push_back(static_cast<float>(elements[i]));
    }
  });
  const std::size_t count = samples.size() / inputs;
  std::vector<float> results(count * graph.nodes[graph.outputs[0].node].dims.size());
  network.run(samples.data(), results.data(), count, inlay::engine::reference);
  network.observe(nullptr);
  std::vector<sparse_value> values;
  for (auto& [node, value] : found) values.push_back(std::move(value));
  return values;
}

}  // namespace sparsity_example
