// SPDX-License-Identifier: Apache-2.0
// Measures what it saves to skip the zeros that a layer reads.
#pragma once

#include <inlay/weights.hpp>
#include <span>
#include <string>
#include <vector>

#include "zeros.hpp"

namespace sparsity_example {

/// One layer, with its kernel that skips zeros and its kernel that multiplies them.
struct contest {
  std::string layer;            ///< "1024 → 256"
  std::string reads;            ///< "relu(conv1)"
  double zeros;                 ///< their share of what it reads
  bool drawn;                   ///< whether its weights are drawn
  double kilobytes;             ///< of the weights
  double skip_ns, multiply_ns;  ///< of a call with one sample: medians
  double ratio;                 ///< multiply to skip in the same round: the median. Above 1, skipping pays.
  /// The largest difference of a result from the layer's definition, by the sum of the sizes of its terms.
  double difference;
};

/// Runs every layer on what it reads of `lenet`, and the largest once more on numbers without zeros. The kernels take
/// turns, so that disturbances affect both. Throws std::runtime_error if one refuses to run.
std::vector<contest> measure_skipping(std::span<const sparse_value> lenet, const inlay::weights& weights);

}  // namespace sparsity_example
