// SPDX-License-Identifier: Apache-2.0
// Chains of dense layers, in the form that libraries of layers need.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "inlay/graph.hpp"
#include "inlay/weights.hpp"

namespace inlay::bench {

/// y = f(weight x + bias).
struct dense_layer {
  std::string name;
  int inputs = 0, outputs = 0;
  const float* weight = nullptr;           ///< row-major [outputs][inputs]
  const float* bias = nullptr;             ///< [outputs], or null
  activation function = activation::none;  ///< with the table's default parameters; none: the identity
  bool softmax = false;                    ///< whether softmax follows the function

  double flops() const { return 2.0 * inputs * outputs; }
  double weight_bytes() const { return 4.0 * (static_cast<double>(inputs) * outputs + outputs); }
};

/// The layers of a network with one input, one output and only dense layers in a row, each followed by at most one
/// activation with one operand and at most one softmax; nullopt for other networks. Weights point into `w`.
std::optional<std::vector<dense_layer>> dense_chain(const graph_view& graph, const weights& w);

}  // namespace inlay::bench
