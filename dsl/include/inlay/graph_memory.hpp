// SPDX-License-Identifier: Apache-2.0
// The block of memory in which a network with state keeps what it remembers: where each value lies. The layout belongs
// to the graph contract, because the size is a constant of the program and kernels read and write the block.
#pragma once

#include "inlay/operations.hpp"

namespace inlay {

/// Whether a node keeps something from one step to the next.
constexpr bool remembers(const node_record& n) { return n.kind == op::state || n.kind == op::history; }

/// Whether a graph has state, so that its samples are steps, one after the other.
constexpr bool remembers(const graph_view& g) {
  for (const node_record& n : g.nodes)
    if (remembers(n)) return true;
  return false;
}

namespace detail {

/// Values begin at a multiple of this many elements, which is a cache line.
inline constexpr std::uint64_t memory_line = 16;

constexpr std::uint64_t in_lines(std::uint64_t elements) {
  return (elements + memory_line - 1) / memory_line * memory_line;
}

}  // namespace detail

/// Elements of the block that node `n` takes. A state takes its own. A history takes a line, whose first word is the
/// number of the row that is written next, and a ring of rows: x as it was in so many steps.
constexpr std::uint64_t memory_elements(const graph_view& g, const node_record& n) {
  if (n.kind == op::state) return detail::in_lines(n.dims.elements());
  if (n.kind != op::history) return 0;
  const auto steps = read_attributes<ops::history_attributes>(g.attributes(n)).steps();
  return detail::memory_line + detail::in_lines(steps * g.nodes[g.operands(n)[0]].dims.elements());
}

/// Where node `index` lies in the block, in elements. Nodes follow each other in the graph's order.
constexpr std::uint64_t memory_offset(const graph_view& g, std::uint32_t index) {
  std::uint64_t offset = 0;
  for (std::uint32_t i = 0; i < index; ++i) offset += memory_elements(g, g.nodes[i]);
  return offset;
}

/// Bytes of the block; 0 for a network without state.
constexpr std::uint64_t memory_bytes(const graph_view& g) {
  return 4 * memory_offset(g, static_cast<std::uint32_t>(g.nodes.size()));
}

}  // namespace inlay
