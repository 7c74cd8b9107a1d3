// SPDX-License-Identifier: Apache-2.0
// What makes a graph well-formed: the rules that the DSL checks while a network is written and that the reader checks
// again on every image.
#pragma once

#include "inlay/dsl/containers.hpp"
#include "inlay/graph.hpp"

namespace inlay {

enum class fault : std::uint32_t {
  none = 0,
  dense_rank,           ///< dense on something else than a vector
  dense_weight,         ///< weight is not [outputs, inputs]
  dense_bias,           ///< bias is not [outputs]
  pointwise_shapes,     ///< operands of a pointwise expression differ in shape
  assigned_shape,       ///< a variable of one shape is given a value of another
  reshape_elements,     ///< reshape changes the number of elements
  concat_shapes,        ///< pieces differ outside of the axis, or the axis is out of range
  softmax_rank,         ///< softmax on a scalar
  empty_shape,          ///< a size of 0, or more elements than the format allows
  duplicate_parameter,  ///< one parameter name with two shapes
  duplicate_name,       ///< two inputs or two outputs of one name
  missing_name,         ///< an input, output, parameter or network without a name
  bad_name,             ///< a network's name is not a C identifier
  unused_input,         ///< an input that no output depends on
  no_output,            ///< a network that returns nothing
  malformed,            ///< a record that no builder writes
};

/// A fault, with what an engineer needs to find it. Short texts: compilers cut longer ones.
struct violation {
  using text = detail::text<36>;
  fault code = fault::none;
  text layer;
  text expected;
  text found;

  constexpr explicit operator bool() const { return code != fault::none; }
};

/// What to do about a fault, in one sentence.
constexpr std::string_view advice(fault code) {
  switch (code) {
    case fault::none: return "";
    case fault::dense_rank: return "dense needs a rank-1 value: apply flatten(x) first";
    case fault::dense_weight: return "the weight of dense must be [outputs, inputs], as in PyTorch";
    case fault::dense_bias: return "the bias of dense must be [outputs]";
    case fault::pointwise_shapes:
      return "pointwise operands must have one shape: give the layers the same width, or reshape one of them";
    case fault::assigned_shape: return "a variable keeps the shape of its first value: use a new variable";
    case fault::reshape_elements: return "reshape must keep the number of elements";
    case fault::concat_shapes: return "the pieces of a concat may differ along its axis only";
    case fault::softmax_rank: return "softmax needs at least rank 1";
    case fault::empty_shape: return "every size must be at least 1, and their product below 2^31";
    case fault::duplicate_parameter: return "one parameter name stands for two shapes: rename a layer or use scope()";
    case fault::duplicate_name: return "inputs and outputs need names of their own";
    case fault::missing_name: return "inputs, outputs, parameters and networks need names";
    case fault::bad_name: return "the network's name becomes a C function: use letters, digits and underscores";
    case fault::unused_input: return "an input is not used: use it or remove it";
    case fault::no_output: return "the network returns nothing: return a value or outputs(...)";
    case fault::malformed: return "the record is damaged";
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

/// Name of the nearest named node at or above `node`, so that a message can point at a layer.
constexpr std::string_view nearest_name(const graph_view& g, std::uint32_t node) {
  while (true) {
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
  return {code, violation::text(layer), expected, found};
}

constexpr violation check_dense(const graph_view& g, const node_record& n) {
  const auto operands = g.operands(n);
  const std::string_view layer = g.name_of(n);
  const shape& x = g.nodes[operands[0]].dims;
  if (x.rank != 1) return break_of(fault::dense_rank, layer, violation::text("f32[n]"), shape_text(x));
  const shape& w = g.nodes[operands[1]].dims;
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
    // The operand that gave the map its shape is the other side of the disagreement.
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
    return break_of(fault::concat_shapes, nearest_name(g, g.operands(n)[0]),
                    violation::text("rank above ").append(std::uint64_t{n.axis}),
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
                  text<36>("sum ").append(joined));
}

}  // namespace detail

/// Checks node `index` against the nodes before it, whose own checks must have passed. Assumes that its ranges lie
/// inside their tables, that its operands are earlier nodes and that their number is right for its kind.
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

/// Checks what concerns the graph as a whole: names, outputs, and that every input is used.
constexpr violation check_graph(const graph_view& g) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (g.name.empty()) return detail::break_of(fault::missing_name, "network", violation::text("a name"), {});
  for (std::size_t i = 0; i < g.name.size(); ++i)
    if (!letter(g.name[i]) && (i == 0 || g.name[i] < '0' || g.name[i] > '9'))
      return detail::break_of(fault::bad_name, g.name, violation::text("a C identifier"), violation::text(g.name));
  if (g.outputs.empty()) return detail::break_of(fault::no_output, g.name, violation::text("at least one output"), {});
  for (std::size_t i = 0; i < g.outputs.size(); ++i) {
    const std::string_view name = g.text(g.outputs[i].name);
    if (name.empty()) return detail::break_of(fault::missing_name, "output", violation::text("a name"), {});
    for (std::size_t j = 0; j < i; ++j)
      if (g.text(g.outputs[j].name) == name)
        return detail::break_of(fault::duplicate_name, name, violation::text("one output of this name"), {});
  }
  // An input counts as used where an output depends on it.
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
    if (live[i] == 0)
      return detail::break_of(fault::unused_input, name, violation::text("every input used"),
                              violation::text(name).append(" unused"));
    for (std::size_t j = 0; j < i; ++j)
      if (g.nodes[j].kind == op::input && g.name_of(g.nodes[j]) == name)
        return detail::break_of(fault::duplicate_name, name, violation::text("one input of this name"), {});
  }
  return {};
}

}  // namespace inlay
