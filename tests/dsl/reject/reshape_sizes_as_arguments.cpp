// SPDX-License-Identifier: Apache-2.0
// A reshape whose sizes are arguments.
// expect: reshape is called with the sizes in angle brackets: reshape<8, 8>(x)
// expect: reshape_sizes_as_arguments.cpp:10
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) {
  auto h = flatten(reshape(x, 2, 2));
  return relu(dense<4>("next", h) + 1);
});
INLAY_NETWORK(model);
