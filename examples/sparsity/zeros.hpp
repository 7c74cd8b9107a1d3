// SPDX-License-Identifier: Apache-2.0
// Counts the zeros among the values of a network.
#pragma once

#include <cstdint>
#include <inlay/interpreter.hpp>
#include <span>
#include <string>
#include <vector>

namespace sparsity_example {

/// A value of the network: the input, the result of a relu, or a max_pool of one.
struct sparse_value {
  std::string name;                  ///< "max_pool(relu(conv1))"
  inlay::shape dims;                 ///< of one sample
  std::vector<std::uint32_t> zeros;  ///< by element: the samples in which it is 0
  std::vector<float> elements;       ///< of all samples, one after the other

  std::size_t size() const { return zeros.size(); }
  std::size_t samples() const { return elements.size() / size(); }
  /// From 0 to 1.
  double share() const;
  /// Elements that are 0 in every sample, and in none.
  std::size_t always_zero() const;
  std::size_t never_zero() const;
};

/// Runs a network with one input and one output on samples that lie one after the other. The values come in the order
/// of the graph.
std::vector<sparse_value> find_zeros(inlay::interpreter& network, std::span<const float> samples);

}  // namespace sparsity_example
