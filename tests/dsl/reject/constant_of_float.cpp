// SPDX-License-Identifier: Apache-2.0
// A constant of another element type.
// expect: the element type of a constant is f32: constant<f32, 1, 2>({1, 1})
// expect: constant_of_float.cpp:10
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) {
  auto h = x + constant<float, 4>({1, 2, 3, 4});
  return relu(dense<4>("next", h) + 1);
});
INLAY_NETWORK(model);
