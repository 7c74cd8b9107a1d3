// SPDX-License-Identifier: Apache-2.0
// Finds linear layers that follow each other with nothing nonlinear between them.
#include "LinearLayers.h"

#include <algorithm>

#include "llvm/Support/FormatVariadic.h"

namespace inlay::tools {
namespace {

/// What `node` is a reshape of, itself if it is none: the elements stay the same.
const node_record& unshaped(const graph_view& graph, const node_record& node) {
  const node_record* at = &node;
  while (at->kind == op::reshape) at = &graph.nodes[graph.operands(*at)[0]];
  return *at;
}

/// Nodes and outputs that read `node`, through reshapes.
long readers(const graph_view& graph, const node_record& node) {
  long count = 0;
  for (const node_record& reader : graph.nodes)
    if (reader.kind != op::reshape)
      for (const std::uint32_t operand : graph.operands(reader))
        count += operand != no_node && &unshaped(graph, graph.nodes[operand]) == &node;
  for (const output_record& output : graph.outputs) count += &unshaped(graph, graph.nodes[output.node]) == &node;
  return count;
}

std::string describe(const graph_view& graph, const node_record& first, const node_record& second) {
  const std::uint64_t inputs = graph.nodes[graph.operands(first)[0]].dims.elements();
  const std::uint64_t middle = first.dims.elements(), outputs = second.dims.elements();
  const std::uint64_t now = inputs * middle + middle * outputs, collapsed = inputs * outputs;
  const std::string a(graph.name_of(first)), b(graph.name_of(second));
  std::string text = llvm::formatv(
      "{0}:{1}:{2}: note: network '{3}': layer '{4}' follows layer '{5}' with no activation between them. "
      "Two linear layers are one: {6} -> {7} -> {8} can express no more than a dense layer {6} -> {8}",
      graph.source_file, second.line, second.column, graph.name, b, a, inputs, middle, outputs);
  // As the fold-linear pass decides.
  if (collapsed < now && readers(graph, first) == 1) {
    text += llvm::formatv(
        ", which takes {0} multiply-adds instead of {1}: inlayc makes one layer of them, with weight {2}.weight "
        "{3}.weight, multiplied in double and rounded once; results differ by rounding. If both are meant to count, "
        "put an activation between them",
        collapsed, now, b, a);
  } else {
    text += llvm::formatv(". Put an activation between them. inlayc keeps both, because {0}",
                          collapsed < now
                              ? llvm::formatv("'{0}' has other readers", a).str()
                              : llvm::formatv("one would take {0} multiply-adds instead of {1}", collapsed, now).str());
  }
  return text;
}

}  // namespace

std::vector<std::string> describeLinearPairs(const graph_view& graph) {
  std::vector<std::string> texts;
  for (const node_record& node : graph.nodes) {
    if (node.kind != op::dense) continue;
    const node_record& before = unshaped(graph, graph.nodes[graph.operands(node)[0]]);
    if (before.kind == op::dense) texts.push_back(describe(graph, before, node));
  }
  return texts;
}

}  // namespace inlay::tools
