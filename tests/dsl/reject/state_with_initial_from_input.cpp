// SPDX-License-Identifier: Apache-2.0
// A first value that depends on an input.
// expect: a state's first value is made of weights alone
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) {
  auto h = state<f32, 4>("h", x).in(x);
  h = x + h;
  return h;
});
INLAY_NETWORK(model);
