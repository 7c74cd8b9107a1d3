// SPDX-License-Identifier: Apache-2.0
// Folds batch norms into the layers before them, as libraries do when they load a model.
#include "batch_norms.hpp"

#include <algorithm>

#include "inlay/graph_builder.hpp"

namespace inlay::bench {
namespace {

/// y = scale x + shift, for each channel.
struct affine {
  std::vector<double> scale, shift;
  bool empty() const { return scale.empty(); }
};

class folder {
 public:
  explicit folder(const bench_network& network)
      : graph_(network.graph),
        values_(network.values),
        builder_(std::make_shared<graph_builder>(graph_.name)),
        places_(graph_.nodes.size(), no_node),
        readers_(graph_.nodes.size(), 0) {
    for (const node_record& node : graph_.nodes) {
      of_weights_.push_back(node.kind != op::input && !remembers(node));
      for (const std::uint32_t operand : graph_.operands(node))
        if (operand != no_node) ++readers_[operand], of_weights_.back() = of_weights_.back() && of_weights_[operand];
    }
    for (const output_record& each : graph_.outputs) ++readers_[each.node];
  }

  bench_network fold(const bench_network& network) {
    for (std::uint32_t id = 0; id < graph_.nodes.size(); ++id)
      if (!of_weights_[id]) place(id);
    for (const output_record& each : graph_.outputs) builder_->output(place(each.node), graph_.text(each.name));
    builder_->finish();
    std::ranges::sort(values_.tensors, {}, &weight_tensor::name);
    return {network.name, builder_->view(), std::move(values_), network.batches, builder_};
  }

 private:
  const graph_view& graph_;
  weights values_;
  std::shared_ptr<graph_builder> builder_;
  std::vector<std::uint32_t> places_;  ///< by node: its index in the new graph
  std::vector<unsigned> readers_;      ///< by node
  std::vector<bool> of_weights_;       ///< by node: made of weights alone, and added when a layer reads it

  weight_tensor* tensor_of(std::uint32_t id) {
    const auto found = std::ranges::find(values_.tensors, graph_.name_of(graph_.nodes[id]), &weight_tensor::name);
    return graph_.nodes[id].kind != op::parameter || found == values_.tensors.end() ? nullptr : &*found;
  }

  /// The elements of weights that may have been reshaped; none if the value is not that.
  std::vector<float> elements_of(std::uint32_t id) {
    while (graph_.nodes[id].kind == op::reshape) id = graph_.operands(graph_.nodes[id])[0];
    if (graph_.nodes[id].kind == op::constant) {
      const auto elements = graph_.elements(graph_.nodes[id]);
      return {elements.begin(), elements.end()};
    }
    const weight_tensor* tensor = tensor_of(id);
    return tensor == nullptr ? std::vector<float>() : tensor->values;
  }

  /// Whether a program is scale times operand `x` plus shift, for some numbers that do not depend on `x`.
  static bool is_affine(std::span<const instruction> program, std::uint32_t x) {
    std::vector<bool> depends;
    for (const instruction& c : program) {
      const std::uint32_t arguments[] = {c.a, c.b, c.c};
      bool any = c.code == scalar_op::operand && c.a == x;
      for (std::uint32_t i = 0; i < scalar_arity(c.code); ++i) any = any || depends[arguments[i]];
      const bool keeps = c.code == scalar_op::operand || c.code == scalar_op::add || c.code == scalar_op::subtract ||
                         (c.code == scalar_op::multiply && !(depends[c.a] && depends[c.b])) ||
                         (c.code == scalar_op::divide && !depends[c.b]);
      if (any && !keeps) return false;
      depends.push_back(any);
    }
    return depends.back();
  }

  /// What `map` does to each channel of layer `id`; empty if it is nothing of the kind.
  affine effect_of(const node_record& map, std::uint32_t id) {
    const auto operands = graph_.operands(map);
    const auto x = static_cast<std::uint32_t>(std::ranges::find(operands, id) - operands.begin());
    const shape& y = graph_.nodes[id].dims;
    if (!(map.dims == y) || !is_affine(graph_.program(map), x)) return {};
    std::vector<std::vector<float>> given(operands.size());
    for (std::uint32_t i = 0; i < operands.size(); ++i) {
      if (i == x) continue;
      const shape& dims = graph_.nodes[operands[i]].dims;
      given[i] = elements_of(operands[i]);
      const bool per_channel = dims.rank == y.rank && dims.sizes[0] == y.sizes[0] && given[i].size() == y.sizes[0];
      if (!per_channel && given[i].size() != 1) return {};
    }
    const auto value_at = [&](std::size_t channel, double of_x) {
      std::vector<double> inputs(operands.size(), of_x), results;
      for (std::size_t i = 0; i < given.size(); ++i)
        if (i != x) inputs[i] = static_cast<double>(given[i][given[i].size() == 1 ? 0 : channel]);
      for (const instruction& c : graph_.program(map)) results.push_back(ops::evaluate_scalar(c, results, inputs));
      return results.back();
    };
    affine result;
    for (std::size_t channel = 0; channel < y.sizes[0]; ++channel) {
      result.shift.push_back(value_at(channel, 0));
      result.scale.push_back(value_at(channel, 1) - result.shift.back());
    }
    return result;
  }

  /// Adds layer `id` together with a batch norm that is its only reader. False if there is none.
  bool add_with_batch_norm(std::uint32_t id) {
    const node_record& node = graph_.nodes[id];
    const auto operands = graph_.operands(node);
    if (readers_[id] != 1 || tensor_of(operands[1]) == nullptr || readers_[operands[1]] != 1) return false;
    if (operands[2] != no_node && tensor_of(operands[2]) == nullptr) return false;
    std::uint32_t reader = id + 1;  // after the last one if it is an output
    while (reader < graph_.nodes.size() && std::ranges::count(graph_.operands(graph_.nodes[reader]), id) == 0) ++reader;
    if (reader == graph_.nodes.size() || graph_.nodes[reader].kind != op::map) return false;
    const affine effect = effect_of(graph_.nodes[reader], id);
    if (effect.empty()) return false;

    weight_tensor& weight = *tensor_of(operands[1]);
    const std::size_t channels = effect.scale.size(), each = weight.values.size() / channels;
    for (std::size_t i = 0; i < weight.values.size(); ++i)
      weight.values[i] = static_cast<float>(static_cast<double>(weight.values[i]) * effect.scale[i / each]);
    weight_tensor bias{.name = std::string(graph_.name_of(node)) + ".folded_bias",
                       .shape = {channels},
                       .stored_type = "F32",
                       .values = {}};
    for (std::size_t i = 0; i < channels; ++i) {
      const double given = operands[2] == no_node ? 0 : static_cast<double>(tensor_of(operands[2])->values[i]);
      bias.values.push_back(static_cast<float>(given * effect.scale[i] + effect.shift[i]));
    }
    const std::uint32_t folded[] = {place(operands[0]), place(operands[1]),
                                    builder_->parameter(bias.name, {1, {node.dims.sizes[0]}})};
    values_.tensors.push_back(std::move(bias));
    places_[id] = places_[reader] =
        builder_->apply(node.kind, folded, graph_.attributes(node), {}, graph_.name_of(node));
    return true;
  }

  /// The node's index in the new graph. Adds it if it is not there.
  std::uint32_t place(std::uint32_t id) {
    if (id == no_node || places_[id] != no_node) return id == no_node ? no_node : places_[id];
    const node_record& node = graph_.nodes[id];
    if ((node.kind == op::conv2d || node.kind == op::dense) && add_with_batch_norm(id)) return places_[id];
    std::vector<std::uint32_t> operands;
    for (const std::uint32_t operand : graph_.operands(node)) operands.push_back(place(operand));
    const std::string_view name = graph_.name_of(node);
    switch (node.kind) {
      case op::input: return places_[id] = builder_->input(name, node.dims, node.type);
      case op::parameter: return places_[id] = builder_->parameter(name, node.dims);
      case op::constant: return places_[id] = builder_->constant(node.dims, graph_.elements(node));
      case op::map: return places_[id] = builder_->map(operands, graph_.program(node), node.dims);
      default: return places_[id] = builder_->apply(node.kind, operands, graph_.attributes(node), node.dims, name);
    }
  }
};

}  // namespace

bench_network with_folded_batch_norms(const bench_network& network) { return folder(network).fold(network); }

}  // namespace inlay::bench
