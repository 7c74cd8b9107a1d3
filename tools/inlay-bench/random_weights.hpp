// SPDX-License-Identifier: Apache-2.0
// Random weights for networks without a weights file, and one network's weights out of many.
#pragma once

#include "inlay/graph.hpp"
#include "inlay/weights.hpp"

namespace inlay::bench {

/// Weights with the right shapes, the same in every run. Matrices are normal with variance 2 / inputs (He et al.,
/// 2015), so that activations keep their size. Vectors are near 0; near 1 if a pointwise program multiplies by them;
/// near 1 and at least 0.5 if it divides by them or takes their root or logarithm, as variances are.
weights random_weights(const graph_view& graph);

/// The tensors of `all` that are parameters of the graph.
weights weights_of(const graph_view& graph, const weights& all);

}  // namespace inlay::bench
