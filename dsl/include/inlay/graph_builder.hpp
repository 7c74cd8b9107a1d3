// SPDX-License-Identifier: Apache-2.0
// Builds a graph node by node, in constant expressions or at run time.
#pragma once

#include <initializer_list>
#include <source_location>

#include "inlay/graph_rules.hpp"

namespace inlay {

/// Bytes of an image with these tables. The header's fields hold less than 2^32.
constexpr std::uint64_t image_bytes_of(const graph_sizes& s) {
  // Every table has at least one record; the image is rounded up to a multiple of 8 bytes.
  const auto table = [](std::uint64_t count, std::uint64_t record) { return (count == 0 ? 1 : count) * record; };
  const std::uint64_t bytes = sizeof(graph_header) + table(s.nodes, sizeof(node_record)) +
                              table(s.operands, sizeof(std::uint32_t)) + table(s.attributes, sizeof(std::uint32_t)) +
                              table(s.instructions, sizeof(instruction)) + table(s.outputs, sizeof(output_record)) +
                              table(s.data, sizeof(float));
  return (bytes + table(s.characters, 1) + 7) / 8 * 8;
}

/// Appends nodes and keeps the first violation of a rule. It then continues as if nothing had happened, so that one
/// mistake gives one message. Node ids are indices in the order of the calls. Wrong calls leave the tables sound: a
/// node whose operands do not exist becomes a parameter without operands.
class graph_builder {
 public:
  constexpr explicit graph_builder(std::string_view name) : name_(intern(name)) {}

  /// Sets the source position of the next nodes. A position without a line, as some operators have, changes nothing, so
  /// their nodes get the position of the layer before them.
  constexpr void locate(const std::source_location& at) {
    if (at.line() == 0) return;
    line_ = at.line(), column_ = at.column(), file_ = at.file_name();
    if (source_file_.count == 0) source_file_ = intern(at.file_name());
  }

  constexpr std::uint32_t input(std::string_view name, const shape& dims, dtype type = dtype::f32) {
    return add({.kind = op::input, .type = type, .dims = dims, .name = intern(name)}, {});
  }

  /// A parameter in the current scope. The same name again gives the same node.
  constexpr std::uint32_t parameter(std::string_view name, const shape& dims) {
    if (name.empty()) fail({fault::missing_name, violation::text("parameter"), violation::text("a name"), {}, {}});
    const range_record full = scoped(name);
    const std::uint32_t hash = name_hash(full);
    const graph_view g = view();
    const std::uint32_t known =
        parameters_.find(hash, [&](std::uint32_t id) { return g.name_of(nodes_[id]) == g.text(full); });
    if (known != no_node) {
      characters_.shrink(full.first);
      if (!(nodes_[known].dims == dims))
        fail({fault::duplicate_parameter,
              violation::text(view().name_of(nodes_[known])),
              detail::shape_text(nodes_[known].dims),
              detail::shape_text(dims),
              {}});
      return known;
    }
    const std::uint32_t id = add({.kind = op::parameter, .dims = dims, .name = full}, {});
    parameters_.insert(hash, id);
    return id;
  }

  /// Weights written in the source, row-major, as many as `dims` has elements. The same bits and shape again give the
  /// same node.
  constexpr std::uint32_t constant(const shape& dims, std::span<const float> elements) {
    const std::uint32_t hash = constant_hash(elements);
    const std::uint32_t known =
        constants_.find(hash, [&](std::uint32_t id) { return is_constant(id, dims, elements); });
    if (known != no_node) return known;
    if (elements.size() != dims.elements()) {
      fail({fault::constant_elements,
            violation::text("(constant)"),
            detail::shape_text(dims),
            violation::text().append(std::uint64_t{elements.size()}).append(" elements"),
            {}});
      return stand_in({.kind = op::constant, .dims = dims});
    }
    const auto first = static_cast<std::uint32_t>(data_.size());
    data_.append(elements);
    const std::uint32_t id = add({.kind = op::constant, .dims = dims}, {}, words_of(ops::constant_attributes{first}));
    constants_.insert(hash, id);
    return id;
  }

  /// y = weight x + bias, as layer `name` of the current scope: x[K], weight[N,K], bias[N] or no_node.
  constexpr std::uint32_t dense(std::string_view name, std::uint32_t x, std::uint32_t weight, std::uint32_t bias,
                                zeros zero_inputs = zeros::automatic) {
    return add({.kind = op::dense, .name = scoped(name)}, {x, weight, bias},
               words_of(ops::dense_attributes{zero_inputs}));
  }

  /// A pointwise program, whose result is the result of its last instruction.
  constexpr std::uint32_t map(std::span<const std::uint32_t> operands, std::span<const instruction> program,
                              const shape& dims) {
    const range_record instructions{static_cast<std::uint32_t>(instructions_.size()),
                                    static_cast<std::uint32_t>(program.size())};
    instructions_.append(program);
    return add({.kind = op::map, .dims = dims, .instructions = instructions}, operands);
  }

  /// Any operation that has no program, by its attributes' words. A layer has a name in the current scope.
  constexpr std::uint32_t apply(op kind, std::span<const std::uint32_t> operands,
                                std::span<const std::uint32_t> attributes = {}, const shape& requested = {},
                                std::string_view layer = {}) {
    return add({.kind = kind, .dims = requested, .name = layer.empty() ? range_record{} : scoped(layer)}, operands,
               attributes);
  }

  constexpr std::uint32_t softmax(std::uint32_t x) { return add({.kind = op::softmax}, {x}); }

  constexpr std::uint32_t log_softmax(std::uint32_t x) { return add({.kind = op::log_softmax}, {x}); }

  constexpr std::uint32_t reshape(std::uint32_t x, const shape& dims) {
    return add({.kind = op::reshape, .dims = dims}, {x});
  }

  constexpr std::uint32_t concat(std::span<const std::uint32_t> pieces, std::uint32_t axis) {
    return add({.kind = op::concat}, pieces, words_of(ops::concat_attributes{axis}));
  }

  /// What `update` of the step before has kept; in the first step `initial`, or zeros without it.
  constexpr std::uint32_t state(std::string_view name, const shape& dims, std::uint32_t initial = no_node) {
    return add({.kind = op::state, .dims = dims, .name = scoped(name)}, {initial});
  }

  /// From the next step on the state is `value`. Returns the value.
  constexpr std::uint32_t update(std::uint32_t state, std::uint32_t value) {
    return add({.kind = op::update}, {state, value});
  }

  constexpr void output(std::uint32_t node, std::string_view name) {
    outputs_.push_back({node, intern(name)});
    if (violation found = check_output(view(), outputs_.size() - 1)) {
      if (found.code == fault::missing_operand) {
        found.layer = violation::text(name);
        outputs_.shrink(outputs_.size() - 1);
      }
      fail(found);
    }
  }

  /// Puts "name." in front of the following names, until leave_scope().
  constexpr void enter_scope(std::string_view name) {
    if (name.empty()) fail({fault::missing_name, violation::text("layer or scope"), violation::text("a name"), {}, {}});
    scope_marks_.push_back(scope_.size());
    scope_.append(name.data(), name.size());
    scope_.push_back('.');
  }
  constexpr void leave_scope() {
    if (scope_marks_.size() == 0) {
      fail({fault::scope_balance,
            violation::text("scope"),
            violation::text("a scope to leave"),
            violation::text("no scope entered"),
            {}});
      return;
    }
    scope_.shrink(scope_marks_.back());
    scope_marks_.shrink(scope_marks_.size() - 1);
  }

  /// Records a violation that the caller found, at the last known position if it has none of its own.
  constexpr void fail(violation found) {
    if (violation_) return;
    if (found.at.size() == 0) found.at = detail::position_text(file_, line_);
    violation_ = found;
  }

  /// Ends the graph and checks it as a whole. Returns the first violation, or none.
  constexpr const violation& finish() {
    if (scope_marks_.size() != 0)
      fail({fault::scope_balance,
            violation::text(std::string_view(scope_.begin(), scope_.size() - 1)),
            violation::text("a leave_scope() for each scope"),
            violation::text().append(std::uint64_t{scope_marks_.size()}).append(" not left"),
            {}});
    if (image_bytes_of(sizes()) > 0xffffffffu)
      fail({fault::too_large,
            violation::text(view().name),
            violation::text("less than 2^32 bytes"),
            violation::text().append(image_bytes_of(sizes())).append(" bytes"),
            {}});
    if (!violation_)
      if (const violation found = check_graph(view())) fail(found);
    return violation_;
  }

  constexpr const violation& first_violation() const { return violation_; }

  constexpr graph_view view() const {
    graph_view g;
    g.nodes = nodes_.view();
    g.operand_table = operands_.view();
    g.attribute_table = attributes_.view();
    g.instruction_table = instructions_.view();
    g.outputs = outputs_.view();
    g.data = data_.view();
    g.characters = {characters_.begin(), characters_.size()};
    g.name = g.text(name_);
    g.source_file = g.text(source_file_);
    return g;
  }

  constexpr graph_sizes sizes() const {
    return {nodes_.size(),   operands_.size(), attributes_.size(), instructions_.size(),
            outputs_.size(), data_.size(),     characters_.size()};
  }

  /// Copies the tables into an image, which must then be sealed. If one of them does not fit, copies nothing and
  /// returns false.
  template <class Image>
  constexpr bool copy_to(Image& image) const {
    const graph_sizes mine = sizes(), room = Image::room;
    if (mine.nodes > room.nodes || mine.operands > room.operands || mine.attributes > room.attributes ||
        mine.instructions > room.instructions || mine.outputs > room.outputs || mine.data > room.data ||
        mine.characters > room.characters)
      return false;
    image.copy_tables(view());
    image.header.name = name_;
    image.header.source_file = source_file_;
    return true;
  }

  constexpr range_record name_range() const { return name_; }
  constexpr range_record source_file_range() const { return source_file_; }

 private:
  detail::small_vector<node_record> nodes_{};
  detail::small_vector<std::uint32_t> operands_{};
  detail::small_vector<std::uint32_t> attributes_{};
  detail::small_vector<instruction> instructions_{};
  detail::small_vector<output_record> outputs_{};
  detail::small_vector<float> data_{};
  detail::small_vector<char> characters_{};
  detail::small_vector<char> scope_{};
  detail::small_vector<std::size_t> scope_marks_{};
  detail::node_index parameters_{};  // by name
  detail::node_index constants_{};   // by bits
  range_record name_{};
  range_record source_file_{};
  std::string_view file_{};  // the file of line_; a literal made by the compiler
  std::uint32_t line_ = 0, column_ = 0;
  violation violation_{};

  constexpr std::uint32_t add(const node_record& node, std::initializer_list<std::uint32_t> operands,
                              std::span<const std::uint32_t> attributes = {}) {
    return add(node, std::span<const std::uint32_t>(operands.begin(), operands.size()), attributes);
  }
  constexpr std::uint32_t add(node_record node, std::span<const std::uint32_t> operands,
                              std::span<const std::uint32_t> attributes = {}) {
    if (node.kind != op::input) node.type = dtype::f32;
    node.operands = {static_cast<std::uint32_t>(operands_.size()), static_cast<std::uint32_t>(operands.size())};
    node.attributes = {static_cast<std::uint32_t>(attributes_.size()), static_cast<std::uint32_t>(attributes.size())};
    node.line = line_, node.column = column_;
    operands_.append(operands);
    attributes_.append(attributes);
    const auto id = static_cast<std::uint32_t>(nodes_.size());
    nodes_.push_back(node);
    if (!is_sound(node, id)) {
      fail(check_record(view(), id));
      operands_.shrink(node.operands.first), attributes_.shrink(node.attributes.first), nodes_.shrink(id);
      return stand_in(node);
    }
    const graph_view g = view();
    const inferred rule = infer(g, node);
    nodes_[id].dims = rule.dims;
    if (!violation_) {
      if (const violation mistyped = detail::check_types(g, node))
        fail(mistyped);
      else if (rule.code != fault::none)
        fail(detail::describe(g, node, rule));
      else if (const violation found = detail::check_value(g, nodes_[id]))
        fail(found);
    }
    return id;
  }

  /// Whether a node made by this class passes check_record(). Checks only what callers can do wrong and makes no
  /// message, because the C++ compiler evaluates this for every node.
  constexpr bool is_sound(const node_record& node, std::uint32_t id) const {
    const op_row& row = row_of(node.kind);
    if (node.dims.rank > max_rank || node.operands.count < row.least_operands || !is_element_type(node.type))
      return false;
    const std::uint32_t* attributes = attributes_.begin() + node.attributes.first;
    for (std::uint32_t i = 0; i < node.attributes.count; ++i)
      if (attributes[i] > row.attributes[i].most) return false;
    const std::uint32_t* operands = operands_.begin() + node.operands.first;
    for (std::uint32_t i = 0; i < node.operands.count; ++i)
      if (operands[i] >= id && !(operands[i] == no_node && i == row.optional_operand)) return false;
    if (node.kind != op::map) return true;
    const instruction* program = instructions_.begin() + node.instructions.first;
    for (std::uint32_t i = 0; i < node.instructions.count; ++i)
      if (!detail::is_sound(program[i], i, node.operands.count)) return false;
    return node.instructions.count != 0;
  }

  /// Appends a parameter in place of a node that is not sound.
  constexpr std::uint32_t stand_in(const node_record& broken) {
    const std::uint64_t elements = broken.dims.rank <= max_rank ? broken.dims.elements() : 0;
    const bool sound = elements != 0 && elements <= max_elements;
    nodes_.push_back({.kind = op::parameter,
                      .type = dtype::f32,
                      .dims = sound ? broken.dims : shape_of<1>,
                      .name = broken.name,
                      .operands = {static_cast<std::uint32_t>(operands_.size()), 0},
                      .line = line_,
                      .column = column_});
    return static_cast<std::uint32_t>(nodes_.size() - 1);
  }

  constexpr range_record intern(std::string_view s) {
    const range_record r{static_cast<std::uint32_t>(characters_.size()), static_cast<std::uint32_t>(s.size())};
    characters_.append(s.data(), s.size());
    return r;
  }
  constexpr range_record scoped(std::string_view name) {
    range_record r = intern({scope_.begin(), scope_.size()});
    r.count += intern(name).count;
    return r;
  }

  constexpr std::uint32_t name_hash(range_record name) const {
    std::uint32_t h = detail::hash_start;
    const char* c = characters_.begin() + name.first;
    for (std::uint32_t i = 0; i < name.count; ++i) h = detail::hash_step(h, static_cast<unsigned char>(c[i]));
    return h;
  }

  static constexpr std::uint32_t constant_hash(std::span<const float> elements) {
    std::uint32_t h = detail::hash_start;
    const float* e = elements.data();
    for (std::size_t i = 0, n = elements.size(); i < n; ++i)
      h = detail::hash_step(h, std::bit_cast<std::uint32_t>(e[i]));
    return h;
  }
  constexpr bool is_constant(std::uint32_t id, const shape& dims, std::span<const float> elements) const {
    const node_record& n = nodes_[id];
    if (!(n.dims == dims) || elements.size() != dims.elements()) return false;
    const std::uint32_t first = attributes_[n.attributes.first];
    for (std::size_t i = 0; i < elements.size(); ++i)
      if (std::bit_cast<std::uint32_t>(data_[first + i]) != std::bit_cast<std::uint32_t>(elements[i])) return false;
    return true;
  }
};

}  // namespace inlay
