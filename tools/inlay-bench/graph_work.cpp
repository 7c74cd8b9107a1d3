// SPDX-License-Identifier: Apache-2.0
// Adds up what the nodes of a graph cost.
#include "graph_work.hpp"

#include "inlay/operations.hpp"

namespace inlay::bench {

graph_work work_of(const graph_view& graph) {
  graph_work work;
  for (const node_record& node : graph.nodes) {
    if (node.kind == op::parameter || node.kind == op::constant)
      work.weight_bytes += 4.0 * static_cast<double>(node.dims.elements());
    if (const op_row& row = row_of(node.kind); row.flops != nullptr)
      work.flops += static_cast<double>(row.flops(operand_shapes(graph.nodes, graph.operands(node)), node.dims));
  }
  return work;
}

}  // namespace inlay::bench
