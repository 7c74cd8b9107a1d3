// SPDX-License-Identifier: Apache-2.0
// The rules for well-formed graphs. The DSL checks them while the network is compiled; the reader checks them again in
// every image.
#pragma once

#include "inlay/dsl/containers.hpp"
#include "inlay/graph.hpp"

namespace inlay {

enum class fault : std::uint32_t {
  none = 0,
  dense_rank,           ///< dense on a value that is no vector
  dense_weight,         ///< weight is not [outputs, inputs]
  dense_bias,           ///< bias is not [outputs]
  pointwise_shapes,     ///< operands of a pointwise expression differ in shape
  assigned_shape,       ///< a variable of one shape is given a value of another
  reshape_elements,     ///< reshape changes the number of elements
  concat_shapes,        ///< pieces differ in another axis, or the axis is out of range
  softmax_rank,         ///< softmax on a scalar
  empty_shape,          ///< a size of 0, or more elements than the format allows
  rank_range,           ///< more dimensions than the format has room for
  constant_elements,    ///< a constant has more or fewer elements than its shape
  missing_operand,      ///< an operand or an output that is not an earlier node
  operand_count,        ///< a node has too many or too few operands for its kind
  bad_program,          ///< a pointwise program reads what is not there, or is empty
  scope_balance,        ///< a scope is left that was not entered, or not left
  other_network,        ///< a value of one network is used in another
  duplicate_parameter,  ///< one parameter name with two shapes
  duplicate_name,       ///< two inputs or two outputs of one name
  missing_name,         ///< an input, output, parameter, layer, scope or network without a name
  bad_name,             ///< a network's name is not a C identifier
  unused_input,         ///< an input that no output depends on
  no_output,            ///< a network that returns nothing
  too_large,            ///< tables that do not fit into one image
  misuse,               ///< a wrong call of a DSL function, which a static_assert has reported
  malformed,            ///< a record that no builder writes
};

/// A fault, and what an engineer needs to find it. Texts are short, because compilers cut longer ones.
struct violation {
  using text = detail::text<36>;
  fault code = fault::none;
  text layer{};
  text expected{};
  text found{};
  text at{};  ///< "model.cpp:14", if that is known

  constexpr explicit operator bool() const { return code != fault::none; }
};

// The advice for each fault. These are macros, because both advice() and the static_asserts of dsl/embed.hpp use them,
// and a static_assert takes only a literal.
#define INLAY_ADVICE_DENSE_RANK "dense needs a rank-1 value: apply flatten(x) first"
#define INLAY_ADVICE_DENSE_WEIGHT "the weight of dense must be [outputs, inputs], as in PyTorch"
#define INLAY_ADVICE_DENSE_BIAS "the bias of dense must be [outputs]"
#define INLAY_ADVICE_POINTWISE_SHAPES \
  "pointwise operands must have one shape: give the layers the same width, or reshape one of them"
#define INLAY_ADVICE_ASSIGNED_SHAPE "a variable keeps the shape of its first value: use a new variable"
#define INLAY_ADVICE_RESHAPE_ELEMENTS "reshape must keep the number of elements"
#define INLAY_ADVICE_CONCAT_SHAPES "the pieces of a concat may differ along its axis only"
#define INLAY_ADVICE_SOFTMAX_RANK "softmax needs at least rank 1"
#define INLAY_ADVICE_EMPTY_SHAPE "every size must be at least 1, and their product below 2^31"
#define INLAY_ADVICE_RANK_RANGE "a value has at most 6 dimensions: reshape it, or join some of them"
#define INLAY_ADVICE_CONSTANT_ELEMENTS "a constant needs exactly as many elements as its shape has"
#define INLAY_ADVICE_MISSING_OPERAND "operands and outputs are nodes that the same builder made before"
#define INLAY_ADVICE_OPERAND_COUNT "a node of this kind takes another number of operands"
#define INLAY_ADVICE_BAD_PROGRAM "a pointwise program reads its own operands and its earlier results only"
#define INLAY_ADVICE_SCOPE_BALANCE "every enter_scope() needs one leave_scope()"
#define INLAY_ADVICE_OTHER_NETWORK "a value belongs to the network whose function it was given to: do not keep it"
#define INLAY_ADVICE_DUPLICATE_PARAMETER "one parameter name stands for two shapes: rename a layer or use scope()"
#define INLAY_ADVICE_DUPLICATE_NAME "inputs and outputs need names of their own"
#define INLAY_ADVICE_MISSING_NAME "inputs, outputs, parameters, layers, scopes and networks need names"
#define INLAY_ADVICE_BAD_NAME "the network's name becomes a C function: use letters, digits and underscores"
#define INLAY_ADVICE_UNUSED_INPUT "an input is not used: use it or remove it"
#define INLAY_ADVICE_NO_OUTPUT "the network returns nothing: return a value or outputs(...)"
#define INLAY_ADVICE_TOO_LARGE "a graph has room for 4 GiB: put large constants into a weights file, as param(...)"
#define INLAY_ADVICE_MISUSE "the compiler's first message says how the function is called"
#define INLAY_ADVICE_MALFORMED "the record is damaged"

/// What to do about a fault, in one sentence.
constexpr std::string_view advice(fault code) {
  switch (code) {
    case fault::none: return "";
    case fault::dense_rank: return INLAY_ADVICE_DENSE_RANK;
    case fault::dense_weight: return INLAY_ADVICE_DENSE_WEIGHT;
    case fault::dense_bias: return INLAY_ADVICE_DENSE_BIAS;
    case fault::pointwise_shapes: return INLAY_ADVICE_POINTWISE_SHAPES;
    case fault::assigned_shape: return INLAY_ADVICE_ASSIGNED_SHAPE;
    case fault::reshape_elements: return INLAY_ADVICE_RESHAPE_ELEMENTS;
    case fault::concat_shapes: return INLAY_ADVICE_CONCAT_SHAPES;
    case fault::softmax_rank: return INLAY_ADVICE_SOFTMAX_RANK;
    case fault::empty_shape: return INLAY_ADVICE_EMPTY_SHAPE;
    case fault::rank_range: return INLAY_ADVICE_RANK_RANGE;
    case fault::constant_elements: return INLAY_ADVICE_CONSTANT_ELEMENTS;
    case fault::missing_operand: return INLAY_ADVICE_MISSING_OPERAND;
    case fault::operand_count: return INLAY_ADVICE_OPERAND_COUNT;
    case fault::bad_program: return INLAY_ADVICE_BAD_PROGRAM;
    case fault::scope_balance: return INLAY_ADVICE_SCOPE_BALANCE;
    case fault::other_network: return INLAY_ADVICE_OTHER_NETWORK;
    case fault::duplicate_parameter: return INLAY_ADVICE_DUPLICATE_PARAMETER;
    case fault::duplicate_name: return INLAY_ADVICE_DUPLICATE_NAME;
    case fault::missing_name: return INLAY_ADVICE_MISSING_NAME;
    case fault::bad_name: return INLAY_ADVICE_BAD_NAME;
    case fault::unused_input: return INLAY_ADVICE_UNUSED_INPUT;
    case fault::no_output: return INLAY_ADVICE_NO_OUTPUT;
    case fault::too_large: return INLAY_ADVICE_TOO_LARGE;
    case fault::misuse: return INLAY_ADVICE_MISUSE;
    case fault::malformed: return INLAY_ADVICE_MALFORMED;
  }
  return "";
}

namespace detail {

constexpr violation::text shape_text(const shape& dims) {
  violation::text t("f32[");
  for (std::uint32_t i = 0; i < dims.rank; ++i) {
    if (i != 0) t.append(",");
    t.append(std::uint64_t{dims.sizes[i]});
  }
  return t.append("]");
}

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

/// "f32[32] of fc1".
constexpr violation::text owned_shape_text(const graph_view& g, std::uint32_t node) {
  return shape_text(g.nodes[node].dims).append(" of ").append(nearest_name(g, node));
}

constexpr violation break_of(fault code, std::string_view layer, violation::text expected, violation::text found) {
  return {code, violation::text(layer), expected, found, {}};
}

/// "node 7".
constexpr violation::text numbered(std::string_view what, std::uint64_t number) {
  return violation::text(what).append(number);
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

constexpr violation check_dense(const graph_view& g, const node_record& n) {
  const auto operands = g.operands(n);
  const std::string_view layer = g.name_of(n);
  const shape& x = g.nodes[operands[0]].dims;
  if (x.rank != 1) return break_of(fault::dense_rank, layer, violation::text("f32[n]"), shape_text(x));
  const shape& w = g.nodes[operands[1]].dims;
  if (w.rank == 0)
    return break_of(fault::dense_weight, layer, numbered("f32[n,", x.sizes[0]).append("]"), shape_text(w));
  const shape wanted{2, {n.dims.sizes[0], x.sizes[0]}};
  if (n.dims.rank != 1 || !(w == wanted))
    return break_of(fault::dense_weight, layer, shape_text(wanted), shape_text(w));
  if (operands[2] == no_node) return {};
  const shape& b = g.nodes[operands[2]].dims;
  if (!(b == n.dims)) return break_of(fault::dense_bias, layer, shape_text(n.dims), shape_text(b));
  return {};
}

constexpr violation check_map(const graph_view& g, const node_record& n) {
  for (std::uint32_t operand : g.operands(n)) {
    const shape& found = g.nodes[operand].dims;
    if (found == n.dims || found.elements() == 1) continue;
    // Name the operand that gave the map its shape as the other side of the mismatch.
    std::uint32_t first = g.operands(n)[0];
    for (std::uint32_t other : g.operands(n))
      if (g.nodes[other].dims == n.dims) first = other;
    return break_of(fault::pointwise_shapes, nearest_name(g, operand), owned_shape_text(g, first),
                    owned_shape_text(g, operand));
  }
  return {};
}

constexpr violation check_concat(const graph_view& g, const node_record& n) {
  if (n.axis >= n.dims.rank)
    return break_of(fault::concat_shapes, nearest_name(g, g.operands(n)[0]), numbered("rank above ", n.axis),
                    owned_shape_text(g, g.operands(n)[0]));
  std::uint64_t joined = 0;
  for (std::uint32_t operand : g.operands(n)) {
    shape piece = g.nodes[operand].dims;
    const bool comparable = piece.rank == n.dims.rank;
    if (comparable) joined += piece.sizes[n.axis], piece.sizes[n.axis] = n.dims.sizes[n.axis];
    if (!comparable || !(piece == n.dims))
      return break_of(fault::concat_shapes, nearest_name(g, operand), owned_shape_text(g, g.operands(n)[0]),
                      owned_shape_text(g, operand));
  }
  if (joined == n.dims.sizes[n.axis]) return {};
  return break_of(fault::concat_shapes, nearest_name(g, g.operands(n)[0]), shape_text(n.dims),
                  numbered("sum ", joined));
}

constexpr bool is_inside(range_record r, std::size_t size) { return r.first <= size && r.count <= size - r.first; }

/// Least and most operands of a node of this kind; {1, 0} for an unknown one.
struct operand_limits {
  std::uint32_t least, most;
};
constexpr operand_limits operand_limits_of(op kind) {
  switch (kind) {
    case op::input:
    case op::parameter:
    case op::constant: return {0, 0};
    case op::dense: return {3, 3};
    case op::softmax:
    case op::log_softmax:
    case op::reshape: return {1, 1};
    case op::map:
    case op::concat: return {1, no_node};
  }
  return {1, 0};
}

/// Whether instruction `index` of a map with `operands` operands is known and reads only operands and earlier results.
constexpr bool is_sound(const instruction& c, std::uint32_t index, std::uint32_t operands) {
  if (c.code == scalar_op::operand) return c.a < operands && c.tier <= accuracy::fast;
  const std::uint32_t arity = scalar_arity(c.code);
  return c.code >= scalar_op::operand && c.code <= scalar_op::apply && c.tier <= accuracy::fast &&
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

/// Checks what all other checks and all readers assume about node `index`: its ranges lie inside their tables, its
/// operands are earlier nodes and as many as its kind needs, fields that its kind does not use are 0, and a program
/// reads only operands and earlier results.
constexpr violation check_record(const graph_view& g, std::uint32_t index) {
  const node_record& n = g.nodes[index];
  if (!detail::is_inside(n.name, g.characters.size()))
    return detail::break_of(fault::malformed, "", violation::text("a name inside of its table"),
                            violation::text("a range outside"));
  const std::string_view name = g.name_of(n);
  const auto damaged = [name](std::string_view expected, violation::text found) {
    return detail::break_of(fault::malformed, name, violation::text(expected), found);
  };
  const detail::operand_limits limits = detail::operand_limits_of(n.kind);
  if (limits.least > limits.most)
    return damaged("a known node kind", detail::numbered("kind ", static_cast<std::uint32_t>(n.kind)));
  if (n.type != dtype::f32)
    return damaged("a known element type", detail::numbered("type ", static_cast<std::uint32_t>(n.type)));
  if (n.dims.rank > max_rank)
    return detail::break_of(fault::rank_range, name, detail::numbered("rank up to ", max_rank),
                            detail::numbered("rank ", n.dims.rank));
  if (!detail::is_inside(n.operands, g.operand_table.size()) ||
      !detail::is_inside(n.instructions, g.instruction_table.size()))
    return damaged("ranges inside of their tables", violation::text("a range outside"));
  if (n.zero_inputs > (n.kind == op::dense ? zeros::multiply : zeros::automatic))
    return damaged("a known treatment of zeros",
                   detail::numbered("number ", static_cast<std::uint32_t>(n.zero_inputs)));
  if (n.axis != 0 && n.kind != op::concat) return damaged("an axis for concat only", detail::numbered("axis ", n.axis));
  if (n.first_datum != 0 && n.kind != op::constant)
    return damaged("data for a constant only", detail::numbered("datum ", n.first_datum));
  if (n.instructions.count != 0 && n.kind != op::map)
    return damaged("a program for a map only", detail::numbered("instructions: ", n.instructions.count));
  if (n.operands.count < limits.least || n.operands.count > limits.most)
    return detail::break_of(fault::operand_count, name,
                            limits.least == limits.most ? detail::numbered("operands: ", limits.least)
                                                        : violation::text("one operand or more"),
                            detail::numbered("operands: ", n.operands.count));
  const std::uint32_t* operands = g.operand_table.data() + n.operands.first;
  for (std::uint32_t i = 0; i < n.operands.count; ++i)
    if (operands[i] >= index && !(operands[i] == no_node && n.kind == op::dense && i == 2))
      return detail::break_of(
          fault::missing_operand, name, violation::text("an earlier node"),
          operands[i] == no_node ? violation::text("none") : detail::numbered("node ", operands[i]));
  const bool normalises = n.kind == op::softmax || n.kind == op::log_softmax;
  if (normalises && !(g.nodes[operands[0]].dims == n.dims))
    return damaged("the shape of its operand", detail::shape_text(n.dims));
  // check_node() refuses more elements than any value may have.
  if (n.kind == op::constant && n.dims.elements() <= max_elements &&
      !detail::is_inside({n.first_datum, static_cast<std::uint32_t>(n.dims.elements())}, g.data.size()))
    return detail::break_of(
        fault::constant_elements, "(constant)", detail::shape_text(n.dims),
        detail::numbered("elements: ",
                         n.first_datum <= g.data.size() ? g.data.size() - n.first_datum : std::uint64_t{0}));
  return n.kind == op::map ? detail::check_program(g, n) : violation();
}

/// Checks node `index` against the nodes before it. Its record and theirs must have passed check_record().
constexpr violation check_node(const graph_view& g, std::uint32_t index) {
  const node_record& n = g.nodes[index];
  const std::uint64_t elements = n.dims.elements();
  if (elements == 0 || elements > max_elements)
    return detail::break_of(fault::empty_shape, g.name_of(n), violation::text("1 .. 2^31-1 elements"),
                            detail::shape_text(n.dims));
  switch (n.kind) {
    case op::input:
    case op::parameter:
      if (n.name.count == 0) return detail::break_of(fault::missing_name, "", violation::text("a name"), {});
      return {};
    case op::constant: return {};
    case op::dense: return detail::check_dense(g, n);
    case op::map: return detail::check_map(g, n);
    case op::softmax:
    case op::log_softmax:
      if (n.dims.rank == 0)
        return detail::break_of(fault::softmax_rank, detail::nearest_name(g, g.operands(n)[0]),
                                violation::text("f32[..,n]"), detail::shape_text(n.dims));
      return {};
    case op::reshape: {
      const std::uint32_t x = g.operands(n)[0];
      if (g.nodes[x].dims.elements() == elements) return {};
      return detail::break_of(fault::reshape_elements, detail::nearest_name(g, x), detail::shape_text(n.dims),
                              detail::owned_shape_text(g, x));
    }
    case op::concat: return detail::check_concat(g, n);
  }
  return detail::break_of(fault::malformed, g.name_of(n), violation::text("a known node kind"), {});
}

/// Checks output `index`: its node exists, and it has a name that no earlier output has.
constexpr violation check_output(const graph_view& g, std::size_t index) {
  const output_record& o = g.outputs[index];
  if (o.node >= g.nodes.size() || !detail::is_inside(o.name, g.characters.size()))
    return detail::break_of(fault::missing_operand, "output", violation::text("a node of this network"),
                            detail::numbered("node ", o.node));
  const std::string_view name = g.text(o.name);
  if (name.empty()) return detail::break_of(fault::missing_name, "output", violation::text("a name"), {});
  for (std::size_t i = 0; i < index; ++i)
    if (g.text(g.outputs[i].name) == name)
      return detail::break_of(fault::duplicate_name, name, violation::text("one output of this name"), {});
  return {};
}

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
  // An input is used if an output depends on it.
  detail::small_vector<unsigned char> live;
  live.assign(g.nodes.size(), 0);
  for (const output_record& o : g.outputs) live[o.node] = 1;
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
