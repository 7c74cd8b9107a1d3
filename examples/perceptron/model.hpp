// SPDX-License-Identifier: Apache-2.0
// Two neurons as networks, with the weights that the learning rule has found while this file was compiled.
#pragma once

#include "neuron.hpp"
#include "points.hpp"

namespace perceptron_example {

using namespace inlay;

inline constexpr auto neuron =
    network("neuron", input<f32, 2>("point"), [](auto point) { return threshold_neuron(point, learned.weights); });

/// After `most_rounds` rounds with XOR.
inline constexpr auto xor_neuron = network("xor_neuron", input<f32, 2>("point"),
                                           [](auto point) { return threshold_neuron(point, learned_xor.weights); });

}  // namespace perceptron_example
