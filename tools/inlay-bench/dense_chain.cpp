// SPDX-License-Identifier: Apache-2.0
// Finds the layers of a network that is a chain of dense layers.
#include "dense_chain.hpp"

namespace inlay::bench {
namespace {

/// The activation that a map applies to its only operand; none for other maps.
activation only_activation(const graph_view& graph, const node_record& map) {
  const auto program = graph.program(map);
  if (map.operands.count != 1 || program.size() != 2 || program[0].code != scalar_op::operand ||
      program[1].code != scalar_op::apply)
    return activation::none;
  for (const activation_row& row : activation_table)
    if (row.id == program[1].function && program[1].p0 == row.defaults[0] && program[1].p1 == row.defaults[1])
      return row.id;
  return activation::none;
}

}  // namespace

std::optional<std::vector<dense_layer>> dense_chain(const graph_view& graph, const weights& w) {
  std::vector<dense_layer> layers;
  std::uint32_t value = no_node;  // the chain so far
  bool may_activate = false;
  for (std::uint32_t id = 0; id < graph.nodes.size(); ++id) {
    const node_record& node = graph.nodes[id];
    const auto operands = graph.operands(node);
    if (node.kind == op::parameter) continue;
    if (node.kind == op::input) {
      if (value != no_node) return std::nullopt;
    } else if (operands.empty() || operands[0] != value) {
      return std::nullopt;
    } else if (node.kind == op::dense) {
      const weight_tensor* weight = w.find(graph.name_of(graph.nodes[operands[1]]));
      const weight_tensor* bias = operands[2] == no_node ? nullptr : w.find(graph.name_of(graph.nodes[operands[2]]));
      if (!weight || (!bias && operands[2] != no_node)) return std::nullopt;
      layers.push_back({.name = std::string(graph.name_of(node)),
                        .inputs = static_cast<int>(graph.nodes[value].dims.elements()),
                        .outputs = static_cast<int>(node.dims.elements()),
                        .weight = weight->values.data(),
                        .bias = bias ? bias->values.data() : nullptr});
      may_activate = true;
    } else if (node.kind == op::map && may_activate && only_activation(graph, node) != activation::none) {
      layers.back().function = only_activation(graph, node);
      may_activate = false;
    } else if (node.kind == op::softmax && !layers.empty() && !layers.back().softmax && node.dims.rank == 1) {
      layers.back().softmax = true;
      may_activate = false;
    } else {
      return std::nullopt;
    }
    value = id;
  }
  if (layers.empty() || graph.outputs.size() != 1 || graph.outputs[0].node != value) return std::nullopt;
  return layers;
}

}  // namespace inlay::bench
