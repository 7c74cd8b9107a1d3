// SPDX-License-Identifier: Apache-2.0
// A state that is assigned twice in one step.
// expect: "h"
// expect: "one assignment"
// expect: "another one"
// expect: a network assigns each of its states once
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), state<f32, 4>("h"), [](auto x, auto h) {
  h = x + h;
  h = tanh(h);
  return h;
});
INLAY_NETWORK(model);
