// SPDX-License-Identifier: Apache-2.0
// Three linear layers in a row.
#include "inlay/dsl.hpp"

constexpr auto chain = inlay::network("chain", inlay::input<inlay::f32, 2>("x"), [](auto x) {
  return inlay::dense<1>("c", inlay::dense<4>("b", inlay::dense<3>("a", x)));
});
INLAY_NETWORK(chain);
