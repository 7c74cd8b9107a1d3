// SPDX-License-Identifier: Apache-2.0
// A threshold neuron behind a feature map, with the weights that were learned while this file was compiled.
#pragma once

#include "../perceptron/neuron.hpp"
#include "rings.hpp"

namespace circles_example {

using namespace inlay;

inline constexpr auto outer_ring = network("outer_ring", input<f32, 2>("point"), [](auto point) {
  return perceptron_example::threshold_neuron(square(point), learned.weights);
});

}  // namespace circles_example
