// SPDX-License-Identifier: Apache-2.0
// The block of memory in which a network is trained: where each parameter, its gradient and the optimizer's averages
// lie. The layout belongs to the graph contract, because compiled code and the runtime both read and write the block.
#pragma once

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

/// Where everything lies, in floats from the block's start. The parameters follow each other in the graph's order, each
/// row-major as in PyTorch and beginning at a cache line; what is between them is 0. The other parts have the same
/// layout.
struct training_layout {
  std::uint64_t parameters = 0;                                             ///< floats of one part
  std::uint64_t sums = 0;                                                   ///< floats of the sums of batch norms
  constexpr std::uint64_t gradients() const { return parameters; }          ///< sums over the batch
  constexpr std::uint64_t first_moments() const { return 2 * parameters; }  ///< momentum of SGD; means of Adam
  constexpr std::uint64_t second_moments() const { return 3 * parameters; }
  constexpr std::uint64_t loss_sum() const { return 4 * parameters; }  ///< over the batch
  /// What batch norms sum over the batch: the number of samples; then for each of them the sums of its mean and its
  /// variance, and those of their gradients.
  constexpr std::uint64_t batch_sums() const { return loss_sum() + detail::memory_line; }
  constexpr std::uint64_t elements() const { return batch_sums() + sums; }
};

/// Where parameter node `index` lies in each part.
constexpr std::uint64_t parameter_offset(const graph_view& g, std::uint32_t index) {
  std::uint64_t offset = 0;
  for (std::uint32_t i = 0; i < index; ++i)
    if (g.nodes[i].kind == op::parameter) offset += detail::in_lines(g.nodes[i].dims.elements());
  return offset;
}

/// Sums of a batch norm with one element for each channel.
inline constexpr std::uint64_t sums_of_batch_norm = 4;

constexpr training_layout training_layout_of(const graph_view& g) {
  std::uint64_t sums = 0;
  for (const node_record& node : g.nodes)
    if (node.kind == op::parameter && is_running_mean(g.name_of(node)))
      sums += sums_of_batch_norm * detail::in_lines(node.dims.elements());
  if (sums > 0) sums += detail::memory_line;
  return {parameter_offset(g, static_cast<std::uint32_t>(g.nodes.size())), sums};
}

/// Bytes of the block.
constexpr std::uint64_t training_bytes(const graph_view& g) { return 4 * training_layout_of(g).elements(); }

}  // namespace inlay
