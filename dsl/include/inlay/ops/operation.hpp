// SPDX-License-Identifier: Apache-2.0
// What an operation consists of: attributes, a shape rule, a reference meaning and its work. Each family of operations
// has a file beside this one; operations.hpp has the table.
#pragma once

#include "inlay/graph_faults.hpp"

namespace inlay {

/// One attribute of an operation: a 32-bit word, and the values that it may have.
struct attribute_row {
  std::string_view name;
  std::uint32_t most = 0xffffffffu;
};

/// The shapes of a node's operands, or null for an absent one.
class operand_shapes {
 public:
  /// Operands of a graph's node.
  constexpr operand_shapes(std::span<const node_record> nodes, std::span<const std::uint32_t> operands)
      : nodes_(nodes.data()), operands_(operands) {}
  /// Any shapes.
  constexpr explicit operand_shapes(std::span<const shape* const> shapes) : shapes_(shapes) {}

  constexpr std::size_t size() const { return nodes_ != nullptr ? operands_.size() : shapes_.size(); }
  constexpr const shape* operator[](std::size_t i) const {
    if (nodes_ == nullptr) return shapes_[i];
    return operands_[i] == no_node ? nullptr : &nodes_[operands_[i]].dims;
  }

 private:
  const node_record* nodes_ = nullptr;
  std::span<const std::uint32_t> operands_{};
  std::span<const shape* const> shapes_{};
};

/// What a shape rule makes of the operands: the result's shape and, if the rule is broken, what a message says about
/// it. With a fault, `dims` is the best guess.
struct inferred {
  static constexpr std::uint32_t none = 0xffffffffu;

  shape dims{};
  fault code = fault::none;
  violation::text expected{};
  violation::text found{};
  std::uint32_t layer = none;        ///< the message names the layer of this operand; none: of the node itself
  std::uint32_t expected_of = none;  ///< `expected` is the shape of this operand, whose layer's name is added
  std::uint32_t found_of = none;     ///< the same for `found`

  /// A fault of the node's own.
  constexpr inferred& breaks(fault broken, const violation::text& wanted, const violation::text& seen) {
    code = broken, expected = wanted, found = seen;
    return *this;
  }
  /// Operand `seen` does not go with what is wanted.
  constexpr inferred& breaks(fault broken, const violation::text& wanted, std::uint32_t seen, const shape& dims_seen) {
    found_of = layer = seen;
    return breaks(broken, wanted, detail::shape_text(dims_seen));
  }
};

/// Elements in double, row-major, and their shape.
struct reference_tensor {
  shape dims{};
  std::span<const double> elements{};
};

/// What a reference meaning reads.
struct reference_inputs {
  std::span<const reference_tensor> operands;  ///< an absent one has no elements
  std::span<const std::uint32_t> attributes;
  std::span<const instruction> program;  ///< of a map
  shape dims;                            ///< of the result
};
using reference_values = detail::small_vector<double>;

/// One row of the table of operations.
struct op_row {
  op id;
  std::string_view name;
  std::uint32_t least_operands = 0;  ///< entries in the operand table; an absent operand counts
  std::uint32_t most_operands = 0;
  std::uint32_t optional_operand = inferred::none;  ///< the one that may be absent
  std::uint32_t index_operand = inferred::none;     ///< the one that is i32; all others are f32
  std::span<const attribute_row> attributes{};
  bool moves = false;  ///< every element of the result is an element of an operand
  /// The shape rule. `requested` is the shape that the node asks for; most operations ignore it.
  inferred (*infer)(const operand_shapes& operands, std::span<const std::uint32_t> attributes,
                    const shape& requested) = nullptr;
  /// Floating-point operations for one sample, of which a multiply-add counts 2; null where they are no more than an
  /// operation for each element.
  std::uint64_t (*flops)(const operand_shapes& operands, const shape& result) = nullptr;
  /// The result in double; null for what is given rather than computed.
  reference_values (*evaluate)(const reference_inputs& from) = nullptr;
};

inline constexpr std::uint32_t any_number = 0xffffffffu;

/// Attributes are plain structs of 32-bit fields; these turn them into words and back.
template <class Attributes>
constexpr auto words_of(const Attributes& attributes) {
  return std::bit_cast<std::array<std::uint32_t, sizeof(Attributes) / 4>>(attributes);
}
template <class Attributes>
constexpr Attributes read_attributes(std::span<const std::uint32_t> words) {
  std::array<std::uint32_t, sizeof(Attributes) / 4> copied{};
  for (std::size_t i = 0; i < copied.size(); ++i) copied[i] = words[i];
  return std::bit_cast<Attributes>(copied);
}

}  // namespace inlay
