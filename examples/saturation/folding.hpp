// SPDX-License-Identifier: Apache-2.0
// Measures what the normalisation costs a trained network that is compiled for inference.
#pragma once

#include <cstddef>
#include <inlay/weights.hpp>
#include <span>
#include <string>
#include <vector>

namespace saturation_example {

/// A network that normalises its input and its twin that does not, both compiled with their trained weights.
struct twins {
  std::string function;
  double raw_ns, normalised_ns;  ///< for one image in a call, medians
  double ratio;                  ///< normalised / raw, the median of the rounds' ratios
  double difference;             ///< largest difference of a probability from the definition, in double, of both
};

/// One for each activation. `weights` has what all six networks need, `pixels` the images one after the other.
std::vector<twins> compare_twins(const inlay::weights& weights, std::span<const float> pixels);

}  // namespace saturation_example
