// SPDX-License-Identifier: Apache-2.0
// Linear layers in a row: fc1 and fc2 with nothing between them, fc3 after an activation, fc4 after a reshape.
#include "inlay/dsl.hpp"

constexpr auto deep = inlay::network("deep", inlay::input<inlay::f32, 4>("x"), [](auto x) {
  auto h = inlay::dense<8>("fc2", inlay::dense<6>("fc1", x));
  auto g = inlay::dense<6>("fc3", relu(h));
  return inlay::dense<2>("fc4", inlay::reshape<6>(inlay::reshape<2, 3>(g))) + inlay::dense<2>("fc5", h);
});
INLAY_NETWORK(deep);
