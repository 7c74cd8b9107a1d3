// SPDX-License-Identifier: Apache-2.0
// The threshold neuron in the DSL. The example circles uses it, too.
#pragma once

#include <inlay/dsl.hpp>

#include "perceptron.hpp"

namespace perceptron_example {

/// 1 if the neuron with these weights fires for the two features, else 0.
constexpr auto threshold_neuron(auto features, const neuron_weights& w) {
  using namespace inlay;
  return step(dense("line", features, constant<f32, 1, 2>({static_cast<float>(w.x), static_cast<float>(w.y)}),
                    constant<f32, 1>({static_cast<float>(w.bias)})));
}

}  // namespace perceptron_example
