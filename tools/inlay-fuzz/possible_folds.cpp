// SPDX-License-Identifier: Apache-2.0
// Which layers and maps the compiler may fold into one sum.
#include "possible_folds.hpp"

#include <algorithm>

#include "inlay/graph_memory.hpp"

namespace inlay::fuzz {

possible_folds::possible_folds(const graph_view& g) : g_(g) {
  for (std::uint32_t i = 0; i < g.nodes.size(); ++i) {
    bool is_fixed = g.nodes[i].kind != op::input && !remembers(g.nodes[i]);
    for (std::uint32_t operand : g.operands(g.nodes[i])) is_fixed = is_fixed && (operand == no_node || fixed_[operand]);
    fixed_.push_back(is_fixed);
    chains_.push_back(chain_of(i));
  }
}

bool possible_folds::is_moved(const node_record& n) const {
  const bool moves = (row_of(n.kind).moves && row_of(n.kind).evaluate != nullptr) || n.kind == op::pad ||
                     n.kind == op::upsample || n.kind == op::adaptive_avg_pool;
  const auto operands = g_.operands(n);
  return moves && operands.size() == 1 && g_.nodes[operands[0]].dims.elements() == n.dims.elements();
}

chain possible_folds::chain_before(std::uint32_t x) const {
  const chain& before = chains_[x];
  return before.convolves && before.maps == 0 ? chain{.start = x} : before;
}

std::uint64_t possible_folds::products(const node_record& n) const {
  const shape& w = g_.nodes[g_.operands(n)[1]].dims;
  if (n.kind == op::conv2d) return w.elements() / w.sizes[0];
  const auto a = read_attributes<ops::conv_transpose2d_attributes>(g_.attributes(n));
  return w.elements() / w.sizes[1] / a.groups;
}

std::vector<std::uint32_t> possible_folds::affine_parts(const node_record& n) const {
  const auto operands = g_.operands(n);
  std::vector<std::uint32_t> parts;
  for (const instruction& c : g_.program(n)) {
    const std::uint32_t arity = scalar_arity(c.code);
    const std::uint32_t a = arity > 0 ? parts[c.a] : kConstant, b = arity > 1 ? parts[c.b] : kConstant;
    const bool is_constant = a == kConstant && b == kConstant && (arity < 3 || parts[c.c] == kConstant);
    const bool is_sum = c.code == scalar_op::add || c.code == scalar_op::subtract;
    std::uint32_t part = is_constant ? kConstant : kOther;
    if (c.code == scalar_op::operand) {
      const std::uint32_t node = operands[c.a];
      if (!fixed_[node]) part = g_.nodes[node].dims == n.dims ? c.a : kOther;
    } else if (!is_constant && (is_sum || c.code == scalar_op::multiply)) {
      if (b == kConstant || (is_sum && a == b))
        part = a;
      else if (a == kConstant)
        part = b;
    } else if (c.code == scalar_op::divide && b == kConstant && !is_constant) {
      part = a;
    }
    parts.push_back(part);
  }
  return parts;
}

chain possible_folds::chain_of(std::uint32_t node) const {
  const node_record& n = g_.nodes[node];
  const auto operands = g_.operands(n);
  chain own{.start = node};
  if (fixed_[node]) return own;
  if (is_moved(n)) return chains_[operands[0]];
  switch (n.kind) {
    case op::dense:
      own = chain_before(operands[0]);
      own.depth = std::max(own.depth, static_cast<double>(g_.nodes[operands[0]].dims.elements()));
      own.maps = 0;
      break;
    case op::conv2d:
    case op::conv_transpose2d: own.depth = static_cast<double>(products(n)), own.convolves = true; break;
    case op::map:
      if (const std::uint32_t of = affine_parts(n).back(); of < kConstant) own = chains_[operands[of]], ++own.maps;
      break;
    case op::update: return chains_[operands[1]];
    case op::history: return g_.attributes(n)[0] == 1 ? chains_[operands[0]] : own;  // one row is the value itself
    default: break;
  }
  return own;
}

}  // namespace inlay::fuzz
