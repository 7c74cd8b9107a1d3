// SPDX-License-Identifier: Apache-2.0
// A state whose first value has another shape.
// expect: "h0"
// expect: "f32[4]"
// expect: "f32[3] of h0"
// expect: a state keeps its shape
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model =
    network("model", input<f32, 4>("x"), state<f32, 4>("h", param<f32, 3>("h0")), [](auto x, auto h) {
      h = x + h;
      return h;
    });
INLAY_NETWORK(model);
