// SPDX-License-Identifier: Apache-2.0
// A network with external weights.
#include "inlay/dsl.hpp"

constexpr auto two_layers = inlay::network("two_layers", inlay::input<inlay::f32, 4>("x"), [](auto x) {
  auto h = relu(inlay::dense<8>("fc1", x));
  return softmax(inlay::dense<3>("fc2", h));
});
INLAY_NETWORK(two_layers);
