// SPDX-License-Identifier: Apache-2.0
// A function with fewer parameters than the network has inputs.
// expect: the function of a network takes one value for each input
// expect: network_of_too_few_parameters.cpp:9
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), input<f32, 4>("y"), [](auto x) {
  auto h = x;
  return relu(dense<4>("next", h) + 1);
});
INLAY_NETWORK(model);
