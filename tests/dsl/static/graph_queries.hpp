// SPDX-License-Identifier: Apache-2.0
// Queries on graphs for the static tests: the number of nodes of a kind, the node with a name, a map's program.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "inlay/dsl.hpp"

namespace queries {

constexpr std::size_t count(const inlay::graph_view& g, inlay::op kind) {
  std::size_t n = 0;
  for (const inlay::node_record& r : g.nodes) n += r.kind == kind ? 1 : 0;
  return n;
}

/// Index of the nth node of this kind, counted from 0, or no_node.
constexpr std::uint32_t nth(const inlay::graph_view& g, inlay::op kind, std::size_t nth) {
  for (std::uint32_t i = 0; i < g.nodes.size(); ++i)
    if (g.nodes[i].kind == kind && nth-- == 0) return i;
  return inlay::no_node;
}

/// Index of the first node with this kind and name, or no_node.
constexpr std::uint32_t named(const inlay::graph_view& g, inlay::op kind, std::string_view name) {
  for (std::uint32_t i = 0; i < g.nodes.size(); ++i)
    if (g.nodes[i].kind == kind && g.name_of(g.nodes[i]) == name) return i;
  return inlay::no_node;
}

constexpr bool has_operands(const inlay::graph_view& g, std::uint32_t node,
                            std::initializer_list<std::uint32_t> operands) {
  const auto found = g.operands(g.nodes[node]);
  if (found.size() != operands.size()) return false;
  std::size_t i = 0;
  for (std::uint32_t operand : operands)
    if (found[i++] != operand) return false;
  return true;
}

constexpr bool same(const inlay::instruction& a, const inlay::instruction& b) {
  const bool fields = a.code == b.code && a.function == b.function && a.tier == b.tier;
  const bool results = a.a == b.a && a.b == b.b && a.c == b.c;
  const auto bits = [](float f) { return std::bit_cast<std::uint32_t>(f); };
  return fields && results && bits(a.p0) == bits(b.p0) && bits(a.p1) == bits(b.p1);
}

constexpr bool has_program(const inlay::graph_view& g, std::uint32_t node,
                           std::initializer_list<inlay::instruction> program) {
  const auto found = g.program(g.nodes[node]);
  if (found.size() != program.size()) return false;
  std::size_t i = 0;
  for (const inlay::instruction& expected : program)
    if (!same(found[i++], expected)) return false;
  return true;
}

// Instructions of a program.
constexpr inlay::instruction load(std::uint32_t operand) { return {.code = inlay::scalar_op::operand, .a = operand}; }
constexpr inlay::instruction number(float f) { return {.code = inlay::scalar_op::literal, .p0 = f}; }
constexpr inlay::instruction binary(inlay::scalar_op code, std::uint32_t a, std::uint32_t b) {
  return {.code = code, .a = a, .b = b};
}
constexpr inlay::instruction select(std::uint32_t condition, std::uint32_t yes, std::uint32_t no) {
  return {.code = inlay::scalar_op::select, .a = condition, .b = yes, .c = no};
}
constexpr inlay::instruction apply(inlay::activation function, std::uint32_t a, float p0 = 0, float p1 = 0,
                                   inlay::accuracy tier = inlay::accuracy::exact) {
  return {.code = inlay::scalar_op::apply, .function = function, .tier = tier, .a = a, .p0 = p0, .p1 = p1};
}

}  // namespace queries
