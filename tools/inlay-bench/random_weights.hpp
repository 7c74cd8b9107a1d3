// SPDX-License-Identifier: Apache-2.0
// Weights for networks that come without any, or with more than they need.
#pragma once

#include "inlay/graph.hpp"
#include "inlay/weights.hpp"

namespace inlay::bench {

/// Weights of the right shapes, the same in every run. Matrices are normal with variance 2 / inputs (He et al., 2015),
/// so that activations keep their size; vectors are near 0, or near 1 where a pointwise program multiplies by them.
/// Whatever a program divides by or takes a root or logarithm of is positive: variances.
weights random_weights(const graph_view& graph);

/// Those of `all` that the graph has parameters for.
weights weights_of(const graph_view& graph, const weights& all);

}  // namespace inlay::bench
