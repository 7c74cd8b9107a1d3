// SPDX-License-Identifier: Apache-2.0
// A state that is assigned a value of another shape.
// expect: "h"
// expect: "f32[4]"
// expect: "f32[5] of x"
// expect: a state keeps its shape
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 5>("x"), state<f32, 4>("h"), [](auto x, auto h) {
  h = x;
  return h;
});
INLAY_NETWORK(model);
