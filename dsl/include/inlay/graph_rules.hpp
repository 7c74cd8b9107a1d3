// SPDX-License-Identifier: Apache-2.0
// The rules for well-formed graphs. The DSL checks them while the network is compiled; the reader checks them again in
// every image.
#pragma once

#include "inlay/graph_memory.hpp"
#include "inlay/operations.hpp"

namespace inlay {

namespace detail {

/// The name of `node` or, if it has none, of the nearest named node along first operands: a layer to show in a message.
constexpr std::string_view nearest_name(const graph_view& g, std::uint32_t node) {
  while (true) {
    if (node >= g.nodes.size()) return "(no such node)";
    const node_record& n = g.nodes[node];
    if (n.name.count != 0) return g.name_of(n);
    if (n.operands.count == 0 || g.operands(n)[0] == no_node) return "(constant)";
    node = g.operands(n)[0];
  }
}

constexpr violation break_of(fault code, std::string_view layer, violation::text expected, violation::text found) {
  return {code, violation::text(layer), expected, found, {}};
}

/// "model.cpp:14": the file without its folders; only the end of a long name. Empty if `line` is 0.
constexpr violation::text position_text(std::string_view file, std::uint32_t line) {
  constexpr std::size_t longest = 28;
  violation::text t;
  if (line == 0) return t;
  for (std::size_t i = file.size(); i-- > 0;)
    if (file[i] == '/' || file[i] == '\\') {
      file.remove_prefix(i + 1);
      break;
    }
  if (file.size() > longest) t.append(".."), file.remove_prefix(file.size() - longest + 2);
  return t.append(file).append(":").append(std::uint64_t{line});
}

constexpr bool is_inside(range_record r, std::size_t size) { return r.first <= size && r.count <= size - r.first; }

/// Whether instruction `index` of a map with `operands` operands is known and reads only operands and earlier results.
constexpr bool is_sound(const instruction& c, std::uint32_t index, std::uint32_t operands) {
  if (c.code == scalar_op::operand) return c.a < operands && c.tier <= accuracy::approximate;
  const std::uint32_t arity = scalar_arity(c.code);
  return c.code >= scalar_op::operand && c.code <= scalar_op::apply && c.tier <= accuracy::approximate &&
         (arity == 0 || c.a < index) && (arity < 2 || c.b < index) && (arity < 3 || c.c < index) &&
         (c.code != scalar_op::apply || is_activation(c.function));
}

/// What is wrong with an instruction that is not sound.
constexpr violation describe_unsound(const instruction& c, std::uint32_t index, std::uint32_t operands,
                                     std::string_view name) {
  const auto at_fault = [&](std::string_view expected, std::string_view what, std::uint32_t number) {
    return break_of(fault::bad_program, name, violation::text(expected),
                    numbered("instruction ", index).append(": ").append(what).append(std::uint64_t{number}));
  };
  const std::uint32_t arity = scalar_arity(c.code);
  if (c.code < scalar_op::operand || c.code > scalar_op::apply)
    return at_fault("a known operation", "operation ", static_cast<std::uint32_t>(c.code));
  if (c.code == scalar_op::operand && c.a >= operands)
    return at_fault(numbered("an operand below ", operands).view(), "operand ", c.a);
  if (arity > 0 && c.a >= index) return at_fault("an earlier result", "result ", c.a);
  if (arity > 1 && c.b >= index) return at_fault("an earlier result", "result ", c.b);
  if (arity > 2 && c.c >= index) return at_fault("an earlier result", "result ", c.c);
  if (c.code == scalar_op::apply && !is_activation(c.function))
    return at_fault("a known activation", "number ", static_cast<std::uint32_t>(c.function));
  return at_fault("a known accuracy tier", "tier ", static_cast<std::uint32_t>(c.tier));
}

constexpr violation check_program(const graph_view& g, const node_record& n) {
  const instruction* program = g.instruction_table.data() + n.instructions.first;
  if (n.instructions.count == 0)
    return break_of(fault::bad_program, nearest_name(g, g.operands(n)[0]), violation::text("at least one instruction"),
                    violation::text("an empty program"));
  for (std::uint32_t i = 0; i < n.instructions.count; ++i)
    if (!is_sound(program[i], i, n.operands.count))
      return describe_unsound(program[i], i, n.operands.count, nearest_name(g, g.operands(n)[0]));
  return {};
}

}  // namespace detail

/// Checks what all other checks and all readers assume about node `index`: its ranges lie inside their tables, it has
/// the attributes of its kind with values that they may have, its operands are earlier nodes and as many as its kind
/// needs, and a program reads only operands and earlier results.
constexpr violation check_record(const graph_view& g, std::uint32_t index) {
  using detail::break_of, detail::numbered, detail::is_inside;
  const node_record& n = g.nodes[index];
  if (!is_inside(n.name, g.characters.size()))
    return break_of(fault::malformed, "", violation::text("a name inside of its table"),
                    violation::text("a range outside"));
  const std::string_view name = g.name_of(n);
  const auto damaged = [name](std::string_view expected, violation::text found) {
    return break_of(fault::malformed, name, violation::text(expected), found);
  };
  if (!is_operation(n.kind)) return damaged("a known node kind", numbered("kind ", static_cast<std::uint32_t>(n.kind)));
  const op_row& row = row_of(n.kind);
  if (!is_element_type(n.type))
    return damaged("a known element type", numbered("type ", static_cast<std::uint32_t>(n.type)));
  if (n.type != dtype::f32 && n.kind != op::input) return damaged("type f32", violation::text("type i32"));
  if (n.dims.rank > max_rank)
    return break_of(fault::rank_range, name, numbered("rank up to ", max_rank), numbered("rank ", n.dims.rank));
  if (!is_inside(n.operands, g.operand_table.size()) || !is_inside(n.attributes, g.attribute_table.size()) ||
      !is_inside(n.instructions, g.instruction_table.size()))
    return damaged("ranges inside of their tables", violation::text("a range outside"));
  if (n.attributes.count != row.attributes.size())
    return damaged(numbered("attributes: ", row.attributes.size()).view(),
                   numbered("attributes: ", n.attributes.count));
  const std::uint32_t* attributes = g.attribute_table.data() + n.attributes.first;
  for (std::uint32_t i = 0; i < n.attributes.count; ++i)
    if (attributes[i] > row.attributes[i].most)
      return damaged(violation::text(row.attributes[i].name).append(" up to ").append(row.attributes[i].most).view(),
                     numbered("number ", attributes[i]));
  if (n.instructions.count != 0 && n.kind != op::map)
    return damaged("a program for a map only", numbered("instructions: ", n.instructions.count));
  if (n.operands.count < row.least_operands || n.operands.count > row.most_operands)
    return break_of(fault::operand_count, name,
                    row.least_operands == row.most_operands ? numbered("operands: ", row.least_operands)
                                                            : violation::text("one operand or more"),
                    numbered("operands: ", n.operands.count));
  const std::uint32_t* operands = g.operand_table.data() + n.operands.first;
  for (std::uint32_t i = 0; i < n.operands.count; ++i)
    if (operands[i] >= index && !(operands[i] == no_node && i == row.optional_operand))
      return break_of(fault::missing_operand, name, violation::text("an earlier node"),
                      operands[i] == no_node ? violation::text("none") : numbered("node ", operands[i]));
  // check_node() refuses more elements than any value may have.
  if (n.kind == op::constant && n.dims.elements() <= max_elements &&
      !is_inside({attributes[0], static_cast<std::uint32_t>(n.dims.elements())}, g.data.size()))
    return break_of(
        fault::constant_elements, "(constant)", detail::shape_text(n.dims),
        numbered("elements: ", attributes[0] <= g.data.size() ? g.data.size() - attributes[0] : std::uint64_t{0}));
  return n.kind == op::map ? detail::check_program(g, n) : violation();
}

/// The shape of node `index` by the rule of its operation. Its record and those before it must have passed
/// check_record().
constexpr inferred infer(const graph_view& g, const node_record& n) {
  return row_of(n.kind).infer(operand_shapes(g.nodes, g.operands(n)), g.attributes(n), n.dims);
}

namespace detail {

/// What a broken shape rule says, with the names of layers.
constexpr violation describe(const graph_view& g, const node_record& n, const inferred& broken) {
  const auto owned = [&](violation::text text, std::uint32_t operand) {
    if (operand != inferred::none) text.append(" of ").append(nearest_name(g, g.operands(n)[operand]));
    return text;
  };
  const std::string_view layer =
      broken.layer == inferred::none ? g.name_of(n) : nearest_name(g, g.operands(n)[broken.layer]);
  return break_of(broken.code, layer, owned(broken.expected, broken.expected_of), owned(broken.found, broken.found_of));
}

/// What node `n` does with its operand number `operand`, as users call it: "relu", "add", "softmax".
constexpr std::string_view name_of_use(const graph_view& g, const node_record& n, std::uint32_t operand) {
  if (n.kind == op::reduce) return ops::reduction_names[g.attributes(n)[0]];
  const std::span<const instruction> program = g.program(n);  // of a map
  for (const instruction& c : program) {
    const std::uint32_t arguments[] = {c.a, c.b, c.c};
    for (std::uint32_t i = 0; i < scalar_arity(c.code); ++i)
      if (const instruction& read = program[arguments[i]]; read.code == scalar_op::operand && read.a == operand)
        return c.code == scalar_op::apply ? row_of(c.function).name : row_of(c.code).name;
  }
  return row_of(n.kind).name;
}

/// Operands are f32, but indices are i32.
constexpr violation check_types(const graph_view& g, const node_record& n) {
  const std::span<const std::uint32_t> operands = g.operands(n);
  const std::uint32_t indices = row_of(n.kind).index_operand;
  for (std::uint32_t i = 0; i < operands.size(); ++i) {
    if (operands[i] == no_node) continue;
    const node_record& operand = g.nodes[operands[i]];
    if (operand.type == (i == indices ? dtype::i32 : dtype::f32)) continue;
    const std::string_view name = nearest_name(g, operands[i]);
    return break_of(i == indices ? fault::float_indices : fault::integer_operand,
                    n.name.count != 0 ? g.name_of(n) : name,
                    violation::text(i == indices ? "i32 indices for " : "f32 values for ").append(name_of_use(g, n, i)),
                    shape_text(operand.dims, operand.type).append(" of ").append(name));
  }
  return {};
}

/// The rules that hold for every value, whatever computes it.
constexpr violation check_value(const graph_view& g, const node_record& n) {
  const std::uint64_t elements = n.dims.elements();
  if (elements == 0 || elements > max_elements)
    return break_of(fault::empty_shape, g.name_of(n), violation::text("1 .. 2^31-1 elements"),
                    shape_text(n.dims, n.type));
  if ((n.kind == op::input || n.kind == op::parameter || n.kind == op::state) && n.name.count == 0)
    return break_of(fault::missing_name, "", violation::text("a name"), {});
  return {};
}

}  // namespace detail

/// Checks node `index` against the nodes before it. Its record and theirs must have passed check_record().
constexpr violation check_node(const graph_view& g, std::uint32_t index) {
  const node_record& n = g.nodes[index];
  if (const violation found = detail::check_value(g, n)) return found;
  if (const violation found = detail::check_types(g, n)) return found;
  const inferred rule = infer(g, n);
  if (rule.code != fault::none) return detail::describe(g, n, rule);
  if (rule.dims == n.dims) return {};
  return detail::break_of(fault::malformed, g.name_of(n),
                          violation::text("the shape ").append(detail::shape_text(rule.dims).view()),
                          detail::shape_text(n.dims));
}

/// Checks output `index`: its node exists and is f32, and it has a name that no earlier output has.
constexpr violation check_output(const graph_view& g, std::size_t index) {
  const output_record& o = g.outputs[index];
  if (o.node >= g.nodes.size() || !detail::is_inside(o.name, g.characters.size()))
    return detail::break_of(fault::missing_operand, "output", violation::text("a node of this network"),
                            detail::numbered("node ", o.node));
  const std::string_view name = g.text(o.name);
  if (name.empty()) return detail::break_of(fault::missing_name, "output", violation::text("a name"), {});
  if (const node_record& n = g.nodes[o.node]; n.type != dtype::f32)
    return detail::break_of(fault::integer_output, name, violation::text("f32"),
                            detail::shape_text(n.dims, n.type).append(" of ").append(g.name_of(n)));
  for (std::size_t i = 0; i < index; ++i)
    if (g.text(g.outputs[i].name) == name)
      return detail::break_of(fault::duplicate_name, name, violation::text("one output of this name"), {});
  return {};
}

namespace detail {

/// Checks what a graph remembers: each state is updated once, and its first value depends on weights alone.
constexpr violation check_states(const graph_view& g) {
  small_vector<unsigned char> updates, varies;
  updates.assign(g.nodes.size(), 0), varies.assign(g.nodes.size(), 0);
  const auto at_node = [&](violation found, std::size_t node) {
    found.at = position_text(g.source_file, g.nodes[node].line);
    return found;
  };
  for (std::size_t i = 0; i < g.nodes.size(); ++i) {
    const node_record& n = g.nodes[i];
    varies[i] = n.kind == op::input || n.kind == op::state || n.kind == op::history;
    for (std::uint32_t operand : g.operands(n))
      if (operand != no_node && varies[operand] != 0) {
        if (n.kind == op::state)
          return at_node(break_of(fault::state_initial, g.name_of(n), violation::text("weights alone"),
                                  violation::text(nearest_name(g, operand))),
                         i);
        varies[i] = 1;
      }
    if (n.kind != op::update) continue;
    const std::uint32_t state = g.operands(n)[0];
    if (g.nodes[state].kind != op::state)
      return at_node(break_of(fault::state_updates, nearest_name(g, state), violation::text("a state"),
                              violation::text(row_of(g.nodes[state].kind).name)),
                     i);
    if (updates[state] != 0)
      return at_node(break_of(fault::state_updates, g.name_of(g.nodes[state]), violation::text("one assignment"),
                              violation::text("another one")),
                     i);
    updates[state] = 1;
  }
  for (std::size_t i = 0; i < g.nodes.size(); ++i)
    if (g.nodes[i].kind == op::state && updates[i] == 0)
      return at_node(break_of(fault::state_updates, g.name_of(g.nodes[i]), violation::text("one assignment"),
                              violation::text("none")),
                     i);
  return {};
}

}  // namespace detail

/// Checks the graph as a whole: its name, its input and output names, and that every input is used.
constexpr violation check_graph(const graph_view& g) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (g.name.empty()) return detail::break_of(fault::missing_name, "network", violation::text("a name"), {});
  for (std::size_t i = 0; i < g.name.size(); ++i)
    if (!letter(g.name[i]) && (i == 0 || g.name[i] < '0' || g.name[i] > '9'))
      return detail::break_of(fault::bad_name, g.name, violation::text("a C identifier"), violation::text(g.name));
  if (g.outputs.empty()) return detail::break_of(fault::no_output, g.name, violation::text("at least one output"), {});
  for (std::size_t i = 0; i < g.outputs.size(); ++i)
    if (const violation found = check_output(g, i)) return found;
  if (remembers(g))
    if (const violation found = detail::check_states(g)) return found;
  // An input is used if an output depends on it, or a state.
  detail::small_vector<unsigned char> live;
  live.assign(g.nodes.size(), 0);
  for (const output_record& o : g.outputs) live[o.node] = 1;
  for (std::size_t i = 0; i < g.nodes.size(); ++i)
    if (g.nodes[i].kind == op::update) live[i] = 1;
  for (std::size_t i = g.nodes.size(); i-- > 0;)
    if (live[i] != 0)
      for (std::uint32_t operand : g.operands(g.nodes[i]))
        if (operand != no_node) live[operand] = 1;
  for (std::size_t i = 0; i < g.nodes.size(); ++i) {
    if (g.nodes[i].kind != op::input) continue;
    const std::string_view name = g.name_of(g.nodes[i]);
    violation found;
    if (live[i] == 0)
      found = detail::break_of(fault::unused_input, name, violation::text("every input used"),
                               violation::text(name).append(" unused"));
    for (std::size_t j = 0; j < i && !found; ++j)
      if (g.nodes[j].kind == op::input && g.name_of(g.nodes[j]) == name)
        found = detail::break_of(fault::duplicate_name, name, violation::text("one input of this name"), {});
    found.at = detail::position_text(g.source_file, g.nodes[i].line);
    if (found) return found;
  }
  return {};
}

}  // namespace inlay
