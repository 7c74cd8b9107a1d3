// SPDX-License-Identifier: Apache-2.0
// Chooses random weights for which values keep their size, and picks a network's weights out of many.
#include "random_weights.hpp"

#include <algorithm>
#include <cmath>
#include <random>

namespace inlay::bench {
namespace {

/// What a pointwise program does with a parameter.
enum class role { addend, factor, positive };

/// Finds the roles of the parameters among a program's operands.
class program_roles {
 public:
  program_roles(const graph_view& graph, const node_record& map, std::vector<role>& roles)
      : graph_(graph), operands_(graph.operands(map)), program_(graph.program(map)), roles_(roles) {
    for (std::size_t i = 0; i < program_.size(); ++i) {
      const instruction& each = program_[i];
      if (each.code == scalar_op::multiply) {
        for (const std::uint32_t side : {each.a, each.b})
          if (program_[side].code == scalar_op::operand) raise(side, role::factor);
      } else if (each.code == scalar_op::divide) {
        if (of_parameters(each.b)) raise(each.b, role::positive);
      } else if (each.code == scalar_op::apply &&
                 (each.function == activation::sqrt || each.function == activation::rsqrt ||
                  each.function == activation::log || each.function == activation::reciprocal)) {
        if (of_parameters(each.a)) raise(each.a, role::positive);
      }
    }
  }

 private:
  const graph_view& graph_;
  std::span<const std::uint32_t> operands_;
  std::span<const instruction> program_;
  std::vector<role>& roles_;

  template <class Function>
  void for_each_argument(std::uint32_t i, Function function) const {
    const std::uint32_t arguments[] = {program_[i].a, program_[i].b, program_[i].c};
    for (std::uint32_t k = 0; k < scalar_arity(program_[i].code); ++k) function(arguments[k]);
  }
  /// Whether instruction `i` is computed from weights and numbers alone.
  bool of_parameters(std::uint32_t i) const {
    if (program_[i].code == scalar_op::operand) {
      std::uint32_t node = operands_[program_[i].a];
      while (graph_.nodes[node].kind == op::reshape) node = graph_.operands(graph_.nodes[node])[0];
      return graph_.nodes[node].kind == op::parameter || graph_.nodes[node].kind == op::constant;
    }
    bool all = true;
    for_each_argument(i, [&](std::uint32_t argument) { all = all && of_parameters(argument); });
    return all;
  }
  void raise(std::uint32_t i, role to) {
    if (program_[i].code == scalar_op::operand) {
      role& each = roles_[operands_[program_[i].a]];
      each = std::max(each, to);
    }
    for_each_argument(i, [&](std::uint32_t argument) { raise(argument, to); });
  }
};

}  // namespace

weights random_weights(const graph_view& graph) {
  std::vector<role> roles(graph.nodes.size(), role::addend);
  for (const node_record& node : graph.nodes)
    if (node.kind == op::map) program_roles(graph, node, roles);
  // A parameter may be read in another shape.
  for (std::size_t id = graph.nodes.size(); id-- > 0;)
    if (graph.nodes[id].kind == op::reshape) {
      role& of = roles[graph.operands(graph.nodes[id])[0]];
      of = std::max(of, roles[id]);
    }
  weights w;
  std::mt19937 random(1);
  for (std::size_t id = 0; id < graph.nodes.size(); ++id) {
    const node_record& node = graph.nodes[id];
    if (node.kind != op::parameter) continue;
    weight_tensor tensor{.name = std::string(graph.name_of(node)), .shape = {}, .stored_type = "F32", .values = {}};
    if (std::ranges::find(w.tensors, tensor.name, &weight_tensor::name) != w.tensors.end()) continue;
    tensor.shape.assign(node.dims.sizes.begin(), node.dims.sizes.begin() + node.dims.rank);
    const auto first = static_cast<double>(node.dims.rank > 1 ? node.dims.sizes[0] : 1);
    const double inputs = node.dims.rank > 1 ? static_cast<double>(node.dims.elements()) / first : 100;
    std::normal_distribution<float> normal(0.0f, static_cast<float>(std::sqrt(2 / inputs)));
    tensor.values.resize(static_cast<std::size_t>(node.dims.elements()));
    for (float& each : tensor.values) {
      each = normal(random);
      if (node.dims.rank > 1) continue;
      if (roles[id] != role::addend) each += 1;
      if (roles[id] == role::positive) each = std::max(each, 0.5f);
    }
    w.tensors.push_back(std::move(tensor));
  }
  std::ranges::sort(w.tensors, {}, &weight_tensor::name);
  return w;
}

weights weights_of(const graph_view& graph, const weights& all) {
  weights w;
  for (const weight_tensor& tensor : all.tensors)
    if (std::ranges::any_of(graph.nodes, [&](const node_record& node) {
          return node.kind == op::parameter && graph.name_of(node) == tensor.name;
        }))
      w.tensors.push_back(tensor);
  return w;
}

}  // namespace inlay::bench
