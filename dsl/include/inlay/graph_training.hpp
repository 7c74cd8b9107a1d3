// SPDX-License-Identifier: Apache-2.0
// The block of memory in which a network is trained: where each parameter, its gradient and the optimizer's averages
// lie. The layout belongs to the graph contract, because compiled code and the runtime both read and write the block.
#pragma once

#include <algorithm>
#include <vector>

#include "inlay/graph_memory.hpp"

namespace inlay {

/// What a training step minimises, as a mean over the batch. `prediction` is the network's output.
enum class loss : std::uint32_t {
  mse,            ///< mean of (prediction - target)^2 (torch.nn.MSELoss)
  cross_entropy,  ///< of logits and the index of a class (torch.nn.CrossEntropyLoss)
  bce,            ///< binary cross entropy of logits (torch.nn.BCEWithLogitsLoss), mean over the outputs
  huber,          ///< (torch.nn.HuberLoss), mean over the outputs; delta is 1
  hinge,          ///< mean of max(0, 1 - target * prediction), for targets of -1 and 1
  output          ///< the network's output itself, one number; there is no target
};
inline constexpr std::string_view loss_names[] = {"mse", "cross_entropy", "bce", "huber", "hinge", "output"};

/// Whether a parameter of this name is a statistic of batches: `running_mean` or `running_var` of a batch_norm. A step
/// computes it, and no optimizer changes it.
constexpr bool is_running_mean(std::string_view name) { return name.ends_with("running_mean"); }
constexpr bool is_running_variance(std::string_view name) { return name.ends_with("running_var"); }
constexpr bool is_batch_statistic(std::string_view name) { return is_running_mean(name) || is_running_variance(name); }

/// The value that a layer's kernel reads as its weight: the second operand, or what that only views. The latter are the
/// transposed weight of a dense layer, and the weight [N, C, taps] of a signal's convolution in the shape of an
/// image's, or of a causal convolution's with the taps before the channels. `no_node` for a node that is no layer.
constexpr std::uint32_t weight_behind(const graph_view& g, const node_record& layer) {
  if (layer.kind != op::dense && layer.kind != op::conv2d && layer.kind != op::conv_transpose2d &&
      layer.kind != op::embedding)
    return no_node;
  const std::uint32_t weight = g.operands(layer)[1];
  const node_record& node = g.nodes[weight];
  if (node.kind != op::transpose && node.kind != op::reshape) return weight;
  const std::uint32_t viewed = g.operands(node)[0];
  if (node.kind == op::transpose)
    return layer.kind == op::dense && g.attributes(node)[0] != g.attributes(node)[1] ? viewed : weight;
  const node_record& turned = g.nodes[viewed];
  if (layer.kind == op::dense && turned.kind == op::transpose && turned.dims.rank == 3 &&
      g.attributes(turned)[0] == 1 && g.attributes(turned)[1] == 2)
    return g.operands(turned)[0];
  const shape& from = turned.dims;
  const bool keeps_two = from.rank > 2 && node.dims.rank >= 2 && from.sizes[0] == node.dims.sizes[0] &&
                         from.sizes[1] == node.dims.sizes[1];
  return keeps_two ? viewed : weight;
}

/// The nodes whose values are weights of layers and are computed from parameters, in ascending order: neither
/// parameters nor constants, and the same for all samples. A step computes each of them once, into a place of its own.
/// Weights that a layer computes, and ones that depend on a statistic of batches, are none.
constexpr std::vector<std::uint32_t> computed_weights(const graph_view& g) {
  enum class kind : unsigned char { fixed, learned, varies };  // a result is the last of its operands' kinds
  std::vector<kind> kinds;
  kinds.reserve(g.nodes.size());
  for (const node_record& node : g.nodes) {
    kind own = kind::fixed;
    switch (node.kind) {
      case op::constant: break;
      case op::parameter: own = is_batch_statistic(g.name_of(node)) ? kind::varies : kind::learned; break;
      case op::input:
      case op::state:
      case op::update:
      case op::history:
      case op::dense:
      case op::conv2d:
      case op::conv_transpose2d:
      case op::embedding: own = kind::varies; break;
      default:
        for (const std::uint32_t operand : g.operands(node))
          if (operand != no_node) own = (std::max)(own, kinds[operand]);
    }
    kinds.push_back(own);
  }
  std::vector<std::uint32_t> all;
  for (const node_record& node : g.nodes) {
    const std::uint32_t weight = weight_behind(g, node);
    if (weight == no_node || kinds[weight] != kind::learned || g.nodes[weight].kind == op::parameter) continue;
    if (std::find(all.begin(), all.end(), weight) == all.end()) all.push_back(weight);
  }
  std::sort(all.begin(), all.end());
  return all;
}

/// Where everything lies, in floats from the block's start. The parameters follow each other in the graph's order, each
/// row-major as in PyTorch and beginning at a cache line; what is between them is 0. The other parts have the same
/// layout.
struct training_layout {
  std::uint64_t parameters = 0;                                             ///< floats of one part
  std::uint64_t sums = 0;                                                   ///< floats of the sums of batch norms
  std::uint64_t computed = 0;                                               ///< floats of all computed weights
  constexpr std::uint64_t gradients() const { return parameters; }          ///< sums over the batch
  constexpr std::uint64_t first_moments() const { return 2 * parameters; }  ///< momentum of SGD; means of Adam
  constexpr std::uint64_t second_moments() const { return 3 * parameters; }
  constexpr std::uint64_t loss_sum() const { return 4 * parameters; }  ///< over the batch
  /// What batch norms sum over the batch: the number of samples; then for each of them the sums of its mean and its
  /// variance, and those of their gradients.
  constexpr std::uint64_t batch_sums() const { return loss_sum() + detail::memory_line; }
  /// The gradients of computed weights, sums over the batch, and then these weights, each beginning at a cache line.
  constexpr std::uint64_t computed_gradients() const { return batch_sums() + sums; }
  constexpr std::uint64_t computed_weights() const { return computed_gradients() + computed; }
  constexpr std::uint64_t elements() const { return computed_weights() + computed; }
};

/// Where parameter node `index` lies in each part.
constexpr std::uint64_t parameter_offset(const graph_view& g, std::uint32_t index) {
  std::uint64_t offset = 0;
  for (std::uint32_t i = 0; i < index; ++i)
    if (g.nodes[i].kind == op::parameter) offset += detail::in_lines(g.nodes[i].dims.elements());
  return offset;
}

/// Floats of all parameters.
constexpr std::uint64_t parameter_elements(const graph_view& g) {
  return parameter_offset(g, static_cast<std::uint32_t>(g.nodes.size()));
}

/// Sums of a batch norm with one element for each channel.
inline constexpr std::uint64_t sums_of_batch_norm = 4;

constexpr training_layout training_layout_of(const graph_view& g) {
  std::uint64_t sums = 0, computed = 0;
  for (const node_record& node : g.nodes)
    if (node.kind == op::parameter && is_running_mean(g.name_of(node)))
      sums += sums_of_batch_norm * detail::in_lines(node.dims.elements());
  if (sums > 0) sums += detail::memory_line;
  for (const std::uint32_t weight : computed_weights(g)) computed += detail::in_lines(g.nodes[weight].dims.elements());
  return {parameter_elements(g), sums, computed};
}

/// Bytes of the block.
constexpr std::uint64_t training_bytes(const graph_view& g) { return 4 * training_layout_of(g).elements(); }

}  // namespace inlay
