// SPDX-License-Identifier: Apache-2.0
// Bounds of one node's elements from those of its operands. One function for each family of operations.
#pragma once

#include <span>
#include <vector>

#include "inlay/operations.hpp"
#include "interval.hpp"

namespace inlay::saturation {

/// Bounds of a value's elements, row-major.
using bounds = std::vector<interval>;

/// A node, its graph and the bounds of its operands, which are null for an absent one.
struct node_view {
  const graph_view& graph;
  const node_record& node;
  std::span<const bounds* const> operands;
  double weight_error = 0;  ///< stored weights of layers may differ by this share of themselves

  std::span<const std::uint32_t> attributes() const { return graph.attributes(node); }
  const shape& dims_of(std::size_t operand) const { return graph.nodes[graph.operands(node)[operand]].dims; }
};

/// dense, conv2d, conv_transpose2d: a bound for sums in any order, each product and sum of which is rounded to f32.
bounds of_sums_of_products(const node_view& v);
/// softmax, log_softmax.
bounds of_softmax(const node_view& v);
/// normalize.
bounds of_norm(const node_view& v);
/// Operations whose results grow with each element of their operands, or are such elements: reshape, concat, slice,
/// transpose, pad, pools, upsample, adaptive_avg_pool, reduce.
bounds of_monotone(const node_view& v);
/// embedding: rows of the table that the indices may reach.
bounds of_embedding(const node_view& v);
/// history: the operand of this step and of earlier steps, or the zeros before the first one.
bounds of_history(const node_view& v);

/// The results of all instructions of a map's program for one element.
void run_program(std::span<const instruction> program, std::span<const interval> operands,
                 std::vector<interval>& results);
/// Calls `each(element, results of the instructions)` for the elements of a map.
template <class Each>
void for_each_element(const node_view& v, Each each) {
  std::vector<ops::broadcast_index> places;
  for (std::size_t o = 0; o < v.operands.size(); ++o) places.emplace_back(v.dims_of(o), v.node.dims);
  std::vector<interval> operands(places.size()), results;
  for (std::size_t i = 0, size = v.node.dims.size(); i < size; ++i) {
    for (std::size_t o = 0; o < places.size(); ++o) operands[o] = (*v.operands[o])[places[o][i]];
    run_program(v.graph.program(v.node), operands, results);
    each(i, std::span<const interval>(results));
  }
}

}  // namespace inlay::saturation
