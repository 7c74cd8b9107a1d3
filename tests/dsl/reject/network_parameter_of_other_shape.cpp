// SPDX-License-Identifier: Apache-2.0
// A function whose parameter has another shape than the input.
// expect: a variable keeps the shape of its first value
// expect: "..rameter_of_other_shape.cpp:9"
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](tensor<f32, 5> x) {
  auto h = x;
  return relu(dense<4>("next", h) + 1);
});
INLAY_NETWORK(model);
