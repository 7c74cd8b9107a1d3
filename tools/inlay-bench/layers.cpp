// SPDX-License-Identifier: Apache-2.0
// Splits a network into its layers, each a network of its own.
#include "layers.hpp"

#include <algorithm>

#include "inlay/graph_rules.hpp"
#include "random_weights.hpp"

namespace inlay::bench {
namespace {

/// Which nodes of a graph outputs depend on, and how many readers each has.
struct uses {
  std::vector<bool> live;         ///< an output depends on it
  std::vector<bool> shared;       ///< made of weights alone, the same for every sample
  std::vector<unsigned> readers;  ///< number of live nodes and outputs that read it

  explicit uses(const graph_view& graph)
      : live(graph.nodes.size()), shared(graph.nodes.size()), readers(graph.nodes.size()) {
    for (const output_record& each : graph.outputs) live[each.node] = true, ++readers[each.node];
    for (std::size_t id = graph.nodes.size(); id-- > 0;)
      if (live[id])
        for (const std::uint32_t operand : graph.operands(graph.nodes[id]))
          if (operand != no_node) live[operand] = true, ++readers[operand];
    for (std::size_t id = 0; id < graph.nodes.size(); ++id) {
      shared[id] = graph.nodes[id].kind != op::input && !remembers(graph.nodes[id]);
      for (const std::uint32_t operand : graph.operands(graph.nodes[id]))
        if (operand != no_node) shared[id] = shared[id] && shared[operand];
    }
  }
};

/// The tables of a layer's graph that differ from its network's.
struct layer_tables {
  std::shared_ptr<void> network;
  std::vector<node_record> nodes;
  std::vector<std::uint32_t> operands;
  std::vector<output_record> outputs;
  std::string characters;
};

class layer_builder {
 public:
  layer_builder(const bench_network& network, const uses& known) : network_(network), known_(known) {}

  /// Makes the layer's network. `members` are its nodes; the last one is the result.
  bench_network build(const std::vector<std::uint32_t>& members) {
    const graph_view& graph = network_.graph;
    tables_ = std::make_shared<layer_tables>();
    tables_->network = network_.memory;
    tables_->characters = graph.characters;
    places_.assign(graph.nodes.size(), no_node);
    for (const std::uint32_t id : members)
      for (const std::uint32_t operand : graph.operands(graph.nodes[id]))
        if (operand != no_node && std::ranges::find(members, operand) == members.end()) add_outsider(operand);
    for (const std::uint32_t id : members) add(id);
    tables_->outputs.push_back({places_[members.back()], intern("y")});

    bench_network layer{.name = title(members.front()), .graph = graph, .values = {}, .batches = {}, .memory = tables_};
    layer.graph.name = "layer";
    layer.graph.nodes = tables_->nodes;
    layer.graph.operand_table = tables_->operands;
    layer.graph.outputs = tables_->outputs;
    layer.graph.characters = tables_->characters;
    layer.values = weights_of(layer.graph, network_.values);
    return layer;
  }

 private:
  const bench_network& network_;
  const uses& known_;
  std::shared_ptr<layer_tables> tables_;
  std::vector<std::uint32_t> places_;  ///< by node of the network: its index in the layer

  std::string title(std::uint32_t id) const {
    const graph_view& graph = network_.graph;
    const node_record& node = graph.nodes[id];
    if (node.name.count != 0) return std::string(graph.name_of(node));
    return std::string(row_of(node.kind).name) + " after " + std::string(detail::nearest_name(graph, id));
  }
  range_record intern(const std::string& name) {
    const range_record range{static_cast<std::uint32_t>(tables_->characters.size()),
                             static_cast<std::uint32_t>(name.size())};
    tables_->characters += name;
    return range;
  }
  /// Adds a value from outside of the layer: weights and values made of weights alone as copies, others as inputs.
  void add_outsider(std::uint32_t id) {
    if (places_[id] != no_node) return;
    if (known_.shared[id]) {
      for (const std::uint32_t operand : network_.graph.operands(network_.graph.nodes[id]))
        if (operand != no_node) add_outsider(operand);
      return add(id);
    }
    const node_record& node = network_.graph.nodes[id];
    places_[id] = static_cast<std::uint32_t>(tables_->nodes.size());
    tables_->nodes.push_back(
        {.kind = op::input, .type = node.type, .dims = node.dims, .name = intern("x" + std::to_string(id))});
  }
  void add(std::uint32_t id) {
    node_record node = network_.graph.nodes[id];
    const auto operands = network_.graph.operands(node);
    node.operands.first = static_cast<std::uint32_t>(tables_->operands.size());
    for (const std::uint32_t operand : operands)
      tables_->operands.push_back(operand == no_node ? no_node : places_[operand]);
    places_[id] = static_cast<std::uint32_t>(tables_->nodes.size());
    tables_->nodes.push_back(node);
  }
};

}  // namespace

std::vector<bench_network> layers_of(const bench_network& network) {
  const graph_view& graph = network.graph;
  const uses known(graph);
  std::vector<std::vector<std::uint32_t>> layers;
  for (std::uint32_t id = 0; id < graph.nodes.size(); ++id) {
    const node_record& node = graph.nodes[id];
    if (!known.live[id] || known.shared[id] || node.kind == op::input || node.kind == op::reshape) continue;
    // A pointwise program joins the last layer whose result only this program reads.
    const auto takes = [&](const std::vector<std::uint32_t>& layer) {
      return known.readers[layer.back()] == 1 && std::ranges::count(graph.operands(node), layer.back()) != 0;
    };
    const auto last = std::find_if(layers.rbegin(), layers.rend(), takes);
    if (node.kind == op::map && last != layers.rend())
      last->push_back(id);
    else
      layers.push_back({id});
  }
  std::vector<bench_network> result;
  layer_builder builder(network, known);
  for (const std::vector<std::uint32_t>& members : layers) result.push_back(builder.build(members));
  return result;
}

}  // namespace inlay::bench
