// SPDX-License-Identifier: Apache-2.0
// A pointwise variable that would change its shape.
// expect: a variable keeps the shape of its first value, and its element type: use a new variable
// expect: loop_assigns_other_shape_to_expression.cpp
// expect: "..er_shape_to_expression.cpp:13"
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) {
  auto h = [&] {
    auto y = relu(x);
    y = dense<5>("wide", y);
    return y;
  }();
  return relu(dense<4>("next", h) + 1);
});
INLAY_NETWORK(model);
