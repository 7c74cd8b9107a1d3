// SPDX-License-Identifier: Apache-2.0
// What one sample of a network costs, whoever computes it.
#pragma once

#include "inlay/graph.hpp"

namespace inlay::bench {

struct graph_work {
  double flops = 0;         ///< by the table of operations
  double weight_bytes = 0;  ///< of parameters and constants, in f32
};
graph_work work_of(const graph_view& graph);

}  // namespace inlay::bench
