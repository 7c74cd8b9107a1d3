// SPDX-License-Identifier: Apache-2.0
// An assignment to a variable made of weights alone.
// expect: a variable made of weights alone keeps its value: use a new variable
// expect: assigned_weights.cpp:11
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) {
  auto scale = param<f32, 4>("scale");
  scale = scale * 2;
  return x * scale;
});
INLAY_NETWORK(model);
