// SPDX-License-Identifier: Apache-2.0
// One layer name for two layers of different shapes.
// expect: "fc.weight"
// expect: "f32[32,64]"
// expect: "f32[10,32]"
// expect: one parameter name stands for two shapes: rename a layer or use scope()
// expect: "duplicate_parameter.cpp:14"
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 64>("x"), [](auto x) {
  auto h = relu(dense<32>("fc", x));
  return dense<10>("fc", h);
});
INLAY_NETWORK(model);
