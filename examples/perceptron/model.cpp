// SPDX-License-Identifier: Apache-2.0
// Puts the graphs of both neurons into this object file, where inlayc finds them, and proves what has been learned.
#include "model.hpp"

namespace perceptron_example {

constexpr bool is_right_about_all() {
  for (const point& p : separable) {
    const float fires = evaluate(neuron, {static_cast<float>(p.x), static_cast<float>(p.y)})[0];
    if ((fires == 1) != p.fires) return false;
  }
  return true;
}

static_assert(learned.settled && is_right_about_all());
static_assert(!learned_xor.settled && learned_xor.rounds == most_rounds);

}  // namespace perceptron_example

INLAY_NETWORK(perceptron_example::neuron);
INLAY_NETWORK(perceptron_example::xor_neuron);
