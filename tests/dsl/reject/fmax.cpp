// SPDX-License-Identifier: Apache-2.0
// A function of <cmath> that has another name here.
// expect: there is no fmax(): write maximum(x, y)
// expect: fmax.cpp:10
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) {
  auto h = fmax(x, 0.0f);
  return relu(dense<4>("next", h) + 1);
});
INLAY_NETWORK(model);
