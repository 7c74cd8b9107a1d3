// SPDX-License-Identifier: Apache-2.0
// An input without a name.
// expect: an input needs a name: input<f32, 64>("pixels")
// expect: input_without_name.cpp:9
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>(), [](auto x) {
  auto h = x;
  return relu(dense<4>("next", h) + 1);
});
INLAY_NETWORK(model);
