// SPDX-License-Identifier: Apache-2.0
// Which layers and maps the compiler may fold into one sum. Says so of more than the compiler does fold.
#pragma once

#include <vector>

#include "inlay/graph.hpp"

namespace inlay::fuzz {

/// The layers and maps before a value that the compiler may fold into one sum: dense layers, a convolution, and maps
/// that scale and shift.
struct chain {
  std::uint32_t start = 0;  ///< the node that the folded sum reads; or the convolution
  double depth = 0;         ///< the most products in a sum of one of the layers; 0 without a layer
  unsigned maps = 0;        ///< how many maps follow the last layer, or the start
  bool convolves = false;

  bool folds() const { return depth > 0 || maps > 0; }
};

class possible_folds {
 public:
  explicit possible_folds(const graph_view& g);

  /// Whether a node depends on no input.
  bool is_fixed(std::uint32_t node) const { return fixed_[node]; }
  const chain& chain_at(std::uint32_t node) const { return chains_[node]; }
  /// The chain that a dense layer on `x` may be folded with. The layer and a convolution stay two.
  chain chain_before(std::uint32_t x) const;

  /// Whether the compiler may see that `n` has the elements of its operand. Says so of some nodes that have not.
  bool is_moved(const node_record& n) const;

  /// Marks of numbers made of weights alone, and of numbers that are not affine in one operand.
  static constexpr std::uint32_t kConstant = ~1u, kOther = ~0u;
  /// By instruction of a map: the operand that it scales and shifts by numbers made of weights alone, or a mark.
  std::vector<std::uint32_t> affine_parts(const node_record& n) const;

  /// How many products each output of a convolution adds.
  std::uint64_t products(const node_record& n) const;

 private:
  const graph_view& g_;
  std::vector<bool> fixed_;
  std::vector<chain> chains_;

  chain chain_of(std::uint32_t node) const;
};

}  // namespace inlay::fuzz
