// SPDX-License-Identifier: Apache-2.0
// An activation with a name, as if it were a layer.
// expect: then its parameters, then its accuracy: relu(x)
// expect: relu_with_name.cpp:10
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) {
  auto h = relu("act", x);
  return relu(dense<4>("next", h) + 1);
});
INLAY_NETWORK(model);
