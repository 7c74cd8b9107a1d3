// SPDX-License-Identifier: Apache-2.0
// Bounds of every value of a graph, for inputs within given ranges.
#pragma once

#include <functional>
#include <string>

#include "inlay/weights.hpp"
#include "node_bounds.hpp"

namespace inlay::saturation {

/// The numbers that every element of an input has.
struct input_range {
  double low = -1, high = 1;
};

struct bounds_request {
  std::span<const input_range> inputs;  ///< in the graph's order
  double weight_error = 0;              ///< weights of layers are stored with this relative error at most
};

/// Called for each node in the graph's order, with the bounds of its operands and its own, and why some of these, or of
/// what a map computes on the way, are unknown if any is.
using node_visitor = std::function<void(const node_view&, std::uint32_t node, const bounds&, const std::string& cause)>;

/// Computes bounds that hold for every element of every value in every step, and visits each node once. The graph keeps
/// its rules, and `w` has its weights.
void visit_bounds(const graph_view& graph, const weights& w, const bounds_request& request, const node_visitor& visit);

}  // namespace inlay::saturation
