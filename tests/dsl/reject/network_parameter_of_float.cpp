// SPDX-License-Identifier: Apache-2.0
// A function whose parameter is no value.
// expect: the function of a network takes one value for each input
// expect: network_parameter_of_float.cpp:9
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](float x) {
  auto h = x;
  return relu(dense<4>("next", h) + 1);
});
INLAY_NETWORK(model);
