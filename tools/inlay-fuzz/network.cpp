// SPDX-License-Identifier: Apache-2.0
// Turns the fuzzer's statements into a graph and into DSL source.
#include "network.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <sstream>

namespace inlay::fuzz {
namespace {

/// Appends a network's steps to a builder in the DSL's order: inputs first, and steps that depend on no input where
/// they are first used.
class graph_maker {
 public:
  graph_maker(const network& net, graph_builder& b) : net_(net), b_(b), nodes_(net.steps.size(), no_node) {}

  void run() {
    const std::vector<bool> bound = net_.bound();
    for (std::uint32_t i = 0; i < net_.steps.size(); ++i)
      if (net_.steps[i].kind == op::input)
        nodes_[i] = b_.input(net_.steps[i].name, net_.steps[i].dims, net_.steps[i].type);
    for (std::uint32_t i = 0; i < net_.steps.size(); ++i)
      if (bound[i]) node_of(i);
    for (const output_step& o : net_.outputs) b_.output(node_of(o.value), o.name);
    b_.finish();
  }

 private:
  const network& net_;
  graph_builder& b_;
  std::vector<std::uint32_t> nodes_;

  std::uint32_t node_of(std::uint32_t value) {
    if (value == no_node) return no_node;
    if (nodes_[value] == no_node) nodes_[value] = add(net_.steps[value]);
    return nodes_[value];
  }

  std::uint32_t add(const step& s) {
    std::vector<std::uint32_t> operands;
    for (std::uint32_t operand : s.operands) operands.push_back(node_of(operand));
    switch (s.kind) {
      case op::input: return b_.input(s.name, s.dims, s.type);
      case op::parameter: return b_.parameter(s.name, s.dims);
      case op::constant: return b_.constant(s.dims, s.elements);
      case op::dense:
        return b_.dense(s.name, operands[0], operands[1], operands[2], static_cast<zeros>(s.attributes[0]));
      case op::map: return b_.map(operands, s.program, s.dims);
      case op::state: return b_.state(s.name, s.dims, operands[0]);
      default: return b_.apply(s.kind, operands, s.attributes, s.dims, s.name);
    }
    return no_node;
  }
};

std::string sizes_text(const shape& dims) {
  std::string text;
  for (std::uint32_t i = 0; i < dims.rank; ++i) text += (i == 0 ? "" : ", ") + std::to_string(dims.sizes[i]);
  return text;
}
std::string typed(const char* function, const shape& dims, dtype type = dtype::f32) {
  return std::string(function) + (type == dtype::i32 ? "<i32" : "<f32") + (dims.rank == 0 ? "" : ", ") +
         sizes_text(dims) + ">";
}

class source_writer {
 public:
  explicit source_writer(const network& net) : net_(net), bound_(net.bound()), is_argument_(net.steps.size()) {
    // States before all other values are arguments of the network, unless their first value is computed.
    for (std::size_t i = 0; i < net.steps.size(); ++i) {
      const step& s = net.steps[i];
      if (!bound_[i] || s.kind == op::input) continue;
      if (s.kind != op::state || (s.operands[0] != no_node && !net.steps[s.operands[0]].operands.empty())) break;
      is_argument_[i] = true;
    }
  }

  std::string run() {
    out_ << "network(\"" << net_.name << '"';
    std::string arguments;
    for (std::uint32_t i = 0; i < net_.steps.size(); ++i) {
      const step& s = net_.steps[i];
      if (s.kind != op::input) continue;
      out_ << ", " << typed("input", s.dims, s.type) << "(\"" << s.name << "\")";
      arguments += (arguments.empty() ? "" : ", ") + std::string("auto ") + reference(i);
    }
    for (std::uint32_t i = 0; i < net_.steps.size(); ++i) {
      if (!is_argument_[i]) continue;
      out_ << ", " << declared(net_.steps[i]);
      arguments += ", auto " + reference(i);
    }
    out_ << ", [](" << arguments << ") {\n";
    for (std::uint32_t i = 0; i < net_.steps.size(); ++i) statement(i);
    out_ << "  return ";
    const bool several = net_.outputs.size() > 1;
    if (several) out_ << "outputs(";
    for (std::size_t i = 0; i < net_.outputs.size(); ++i)
      out_ << (i == 0 ? "" : ", ") << "output(\"" << net_.outputs[i].name << "\", " << reference(net_.outputs[i].value)
           << ')';
    out_ << (several ? ");\n})" : ";\n})");
    return out_.str();
  }

 private:
  const network& net_;
  std::vector<bool> bound_;
  std::vector<bool> is_argument_;  // by value: a state that is declared beside the inputs
  std::ostringstream out_;

  std::string declared(const step& state) const {
    const std::uint32_t initial = state.operands[0];
    return typed("state", state.dims) + "(\"" + state.name + "\"" +
           (initial == no_node ? "" : ", " + reference(initial)) + ")";
  }
  /// A state that is declared among other values, in the network that the first input belongs to.
  std::string declared_here(const step& state) const {
    std::uint32_t input = 0;
    while (net_.steps[input].kind != op::input) ++input;
    return declared(state) + ".in(" + reference(input) + ")";
  }

  /// The text by which later statements refer to a value.
  std::string reference(std::uint32_t value) const {
    const step& s = net_.steps[value];
    if (s.kind == op::parameter) return typed("param", s.dims) + "(\"" + s.name + "\")";
    if (s.kind == op::constant) {
      std::string text = typed("constant", s.dims) + "({";
      for (std::size_t i = 0; i < s.elements.size(); ++i) text += (i == 0 ? "" : ", ") + float_text(s.elements[i]);
      return text + "})";
    }
    return (s.kind == op::input ? "x" : "v") + std::to_string(value);
  }

  void statement(std::uint32_t value) {
    const step& s = net_.steps[value];
    if (s.kind == op::input || s.kind == op::parameter || s.kind == op::constant || is_argument_[value]) return;
    // A copy of the state's variable is assigned, so that the variable goes on to stand for the old value.
    if (s.kind == op::update) {
      out_ << "  auto " << reference(value) << " = " << reference(s.operands[0]) << ";\n  " << reference(value) << " = "
           << reference(s.operands[1]) << ";\n";
      return;
    }
    // `tensor` instead of `auto` makes a map a node where it is written. A layer always is one.
    const bool typed_map = s.kind == op::map && bound_[value];
    out_ << "  " << (typed_map ? typed("tensor", s.dims) : "auto") << ' ' << reference(value) << " = " << expression(s)
         << ";\n";
  }

  std::string expression(const step& s) const {
    const auto operand = [&](std::size_t i) { return reference(s.operands[i]); };
    switch (s.kind) {
      case op::input:
      case op::parameter:
      case op::constant: return {};
      case op::dense: return dense(s);
      case op::embedding: return embedding(s);
      case op::map: return scalar(s, static_cast<std::uint32_t>(s.program.size() - 1));
      case op::reshape: return "reshape<" + sizes_text(s.dims) + ">(" + operand(0) + ")";
      case op::concat: {
        const std::uint32_t axis = s.attributes[0];
        std::string text = axis == 0 ? "concat(" : "concat<" + std::to_string(axis) + ">(";
        for (std::size_t i = 0; i < s.operands.size(); ++i) text += (i == 0 ? "" : ", ") + operand(i);
        return text + ")";
      }
      case op::conv2d: return conv2d(s, read_attributes<ops::conv2d_attributes>(s.attributes).groups);
      case op::conv_transpose2d: {
        const auto a = read_attributes<ops::conv_transpose2d_attributes>(s.attributes);
        return conv2d(s, a.groups, option("output_padding", {a.output_padding_h, a.output_padding_w}, 0));
      }
      case op::reduce: return reduce(s);
      case op::normalize: return normalize(s);
      case op::max_pool:
      case op::avg_pool: return pool(s);
      case op::pad: return pad(s);
      case op::upsample: return upsample(s);
      case op::state: return declared_here(s);
      default: return by_name(s);
    }
  }

  static std::string option(const char* name, std::initializer_list<std::uint32_t> sizes, std::uint32_t usual) {
    if (std::ranges::all_of(sizes, [&](std::uint32_t size) { return size == usual; })) return {};
    std::string text;
    for (std::uint32_t size : sizes) text += (text.empty() ? "" : ", ") + std::to_string(size);
    return std::string(", ") + name + "<" + text + ">";
  }
  static std::string window(const ops::window_attributes& w) {
    return option("padding", {w.padding_top, w.padding_left, w.padding_bottom, w.padding_right}, 0) +
           option("dilation", {w.dilation_h, w.dilation_w}, 1);
  }

  /// A convolution, or a transposed one. The attributes of both begin with the window.
  std::string conv2d(const step& s, std::uint32_t groups, const std::string& more = {}) const {
    const auto a = read_attributes<ops::window_attributes>(s.attributes);
    const shape& weight = net_.steps[s.operands[1]].dims;
    const bool own = owns_weights(s);
    std::string text(row_of(s.kind).name);
    if (own)
      text += "<" + std::to_string(s.dims.sizes[0]) + ", " + std::to_string(weight.sizes[2]) + ", " +
              std::to_string(weight.sizes[3]) + ">";
    text += "(" + name_and_operands(s) + option("stride", {a.stride_h, a.stride_w}, 1) + window(a) + more +
            option("groups", {groups}, 1);
    return text + (own && s.operands[2] == no_node ? ", no_bias)" : ")");
  }

  std::string pool(const step& s) const {
    ops::max_pool_attributes a;
    bool include_pad = true;
    if (s.kind == op::max_pool) {
      a = read_attributes<ops::max_pool_attributes>(s.attributes);
    } else {
      const auto average = read_attributes<ops::avg_pool_attributes>(s.attributes);
      a = {average.kernel_h, average.kernel_w, average.window, average.ceil_mode};
      include_pad = average.count_include_pad != 0;
    }
    return std::string(row_of(s.kind).name) + "<" + std::to_string(a.kernel_h) + ", " + std::to_string(a.kernel_w) +
           ">(" + reference(s.operands[0]) + ", stride<" + std::to_string(a.window.stride_h) + ", " +
           std::to_string(a.window.stride_w) + ">" + window(a.window) + (a.ceil_mode != 0 ? ", ceil_mode" : "") +
           (include_pad ? ")" : ", exclude_pad)");
  }

  /// sum<0, 2>(operand, keepdim)
  std::string reduce(const step& s) const {
    const auto a = read_attributes<ops::reduce_attributes>(s.attributes);
    std::string axes;
    for (std::uint32_t axis = 0; axis < max_rank; ++axis)
      if ((a.axes >> axis & 1) != 0) axes += (axes.empty() ? "" : ", ") + std::to_string(axis);
    return std::string(ops::reduction_names[static_cast<std::size_t>(a.kind)]) +
           (axes.empty() ? "" : "<" + axes + ">") + "(" + reference(s.operands[0]) +
           (a.keepdim != 0 ? ", keepdim)" : ")");
  }

  /// layer_norm<2>("name", operand, no_affine, eps)
  std::string normalize(const step& s) const {
    const auto a = read_attributes<ops::normalize_attributes>(s.attributes);
    const std::string axes = std::to_string(s.dims.rank - a.axis);
    const std::string function = a.groups > 1     ? "group_norm<" + std::to_string(a.groups)
                                 : a.centred != 0 ? "layer_norm<" + axes
                                                  : "rms_norm<" + axes;
    return function + ">(\"" + s.name + "\", " + reference(s.operands[0]) + ", no_affine, " + float_text(a.eps) + ")";
  }

  std::string pad(const step& s) const {
    const auto a = read_attributes<ops::pad_attributes>(s.attributes);
    std::string text;
    for (std::uint32_t axis = s.dims.rank; axis-- > 0;)
      text += (text.empty() ? "pad<" : ", ") + std::to_string(a.low[axis]) + ", " + std::to_string(a.high[axis]);
    text += ">(" + reference(s.operands[0]);
    switch (a.mode) {
      case pad_mode::constant: return text + ", " + float_text(std::bit_cast<float>(a.value)) + ")";
      case pad_mode::reflect: return text + ", reflect)";
      case pad_mode::replicate: return text + ", replicate)";
      case pad_mode::circular: return text + ", circular)";
    }
    return text;
  }

  /// upsample by a factor, or interpolate to a size.
  std::string upsample(const step& s) const {
    const auto a = read_attributes<ops::upsample_attributes>(s.attributes);
    const shape& x = net_.steps[s.operands[0]].dims;
    const bool by_size = a.step_h == ops::step_between(x.sizes[1], a.height, a.align_corners != 0) &&
                         a.step_w == ops::step_between(x.sizes[2], a.width, a.align_corners != 0);
    const auto factor = [](std::uint32_t step) {
      for (double each : upsampling_factors)
        if (std::bit_cast<std::uint32_t>(static_cast<float>(1 / each)) == step)
          return float_text(static_cast<float>(each));
      return std::string("1");
    };
    std::string text = by_size ? "interpolate<" + std::to_string(a.height) + ", " + std::to_string(a.width)
                               : "upsample<" + factor(a.step_h) + ", " + factor(a.step_w);
    text += ">(" + reference(s.operands[0]);
    if (a.mode == interpolation::linear) text += ", bilinear";
    return text + (a.align_corners != 0 ? ", align_corners)" : ")");
  }

  /// name<attribute, ...>(operand, ...)
  std::string by_name(const step& s) const {
    std::string text(row_of(s.kind).name);
    for (std::size_t i = 0; i < s.attributes.size(); ++i)
      text += (i == 0 ? "<" : ", ") + std::to_string(s.attributes[i]);
    text += s.attributes.empty() ? "(" : ">(";
    for (std::size_t i = 0; i < s.operands.size(); ++i) text += (i == 0 ? "" : ", ") + reference(s.operands[i]);
    return text + ")";
  }

  bool is_parameter(std::uint32_t value, const std::string& name) const {
    return net_.steps[value].kind == op::parameter && net_.steps[value].name == name;
  }

  bool owns_weights(const step& layer) const {
    return is_parameter(layer.operands[1], layer.name + ".weight") &&
           (layer.operands[2] == no_node || is_parameter(layer.operands[2], layer.name + ".bias"));
  }

  /// Of a layer. It makes its own weights, or they are operands.
  std::string name_and_operands(const step& s) const {
    std::string text = "\"" + s.name + "\", " + reference(s.operands[0]);
    if (owns_weights(s)) return text;
    for (std::size_t i = 1; i < s.operands.size(); ++i)
      if (s.operands[i] != no_node) text += ", " + reference(s.operands[i]);
    return text;
  }

  std::string dense(const step& s) const {
    const bool own = owns_weights(s);
    std::string text = "dense";
    if (own) text += "<" + std::to_string(s.dims.sizes[0]) + ">";
    text += "(" + name_and_operands(s);
    if (own && s.operands[2] == no_node) text += ", no_bias";
    const auto zero_inputs = static_cast<zeros>(s.attributes[0]);
    if (zero_inputs != zeros::automatic) text += zero_inputs == zeros::skip ? ", skip_zeros" : ", multiply_zeros";
    return text + ")";
  }

  std::string embedding(const step& s) const {
    const bool own = is_parameter(s.operands[1], s.name + ".weight");
    const std::string operands = "(\"" + s.name + "\", " + reference(s.operands[0]);
    if (!own) return "embedding" + operands + ", " + reference(s.operands[1]) + ")";
    return "embedding<" + sizes_text(net_.steps[s.operands[1]].dims) + ">" + operands + ")";
  }

  std::string scalar(const step& s, std::uint32_t index) const {
    const instruction& c = s.program[index];
    const std::string_view symbol = row_of(c.code).symbol;
    if (!symbol.empty()) return "(" + scalar(s, c.a) + " " + std::string(symbol) + " " + scalar(s, c.b) + ")";
    switch (c.code) {
      case scalar_op::operand: return reference(s.operands[c.a]);
      case scalar_op::literal: return float_text(c.p0);
      case scalar_op::select: return "where(" + scalar(s, c.a) + ", " + scalar(s, c.b) + ", " + scalar(s, c.c) + ")";
      case scalar_op::apply: return activate(c, scalar(s, c.a));
      default: return std::string(row_of(c.code).name) + "(" + scalar(s, c.a) + ", " + scalar(s, c.b) + ")";
    }
  }

  static std::string activate(const instruction& c, const std::string& argument) {
    const activation_row& row = row_of(c.function);
    std::string text = std::string(row.name) + "(" + argument;
    const bool defaults =
        (row.parameters < 1 || c.p0 == row.defaults[0]) && (row.parameters < 2 || c.p1 == row.defaults[1]);
    const float values[] = {c.p0, c.p1};
    for (std::uint32_t p = 0; !defaults && p < row.parameters; ++p)
      if (row.parameter_names[p] != "straight_through")
        text += ", " + float_text(values[p]);
      else if (values[p] != 0)
        text += ", straight_through";
    return text + (c.tier == accuracy::exact ? ")" : ", " + std::string(name_of(c.tier)) + ")");
  }
};

}  // namespace

inferred network::infer(const step& s) const {
  std::vector<const shape*> operands;
  for (std::uint32_t operand : s.operands) operands.push_back(operand == no_node ? nullptr : &steps[operand].dims);
  return row_of(s.kind).infer(operand_shapes(operands), s.attributes, s.dims);
}

bool network::remembers() const {
  return std::ranges::any_of(steps, [](const step& s) { return s.kind == op::state || s.kind == op::history; });
}

std::vector<bool> network::bound() const {
  std::vector<bool> result;
  for (const step& s : steps) {
    bool any = s.kind == op::input || s.kind == op::state;
    for (std::uint32_t operand : s.operands) any = any || (operand != no_node && result[operand]);
    result.push_back(any);
  }
  return result;
}

graph_builder build(const network& net) {
  graph_builder b(net.name);
  graph_maker(net, b).run();
  return b;
}

std::string dsl_source(const network& net) { return source_writer(net).run(); }

std::string float_text(float value) {
  if (std::isnan(value)) return "std::numeric_limits<float>::quiet_NaN()";
  if (std::isinf(value))
    return value < 0 ? "-std::numeric_limits<float>::infinity()" : "std::numeric_limits<float>::infinity()";
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", static_cast<double>(value));
  std::string result = text;
  if (result.find_first_of(".e") == std::string::npos) result += ".0";
  return result + "f";
}

void coverage::add(const network& net) {
  for (const step& s : net.steps) {
    kinds.insert(s.kind);
    for (const instruction& c : s.program) {
      codes.insert(c.code);
      if (c.code == scalar_op::apply) functions.emplace(c.function, c.tier);
    }
  }
}

std::string coverage::missing() const {
  std::string names;
  for (const op_row& row : op_table)
    if (!kinds.contains(row.id)) names += std::string(row.name) + " ";
  for (const scalar_op_row& row : scalar_op_table)
    if (!codes.contains(row.id)) names += std::string(row.name) + " ";
  for (const activation_row& row : activation_table)
    for (accuracy tier : accuracy_tiers)
      if (!functions.contains({row.id, tier})) {
        names += row.name;
        if (tier != accuracy::exact) names.append(":").append(name_of(tier));
        names += " ";
      }
  return names;
}

}  // namespace inlay::fuzz
