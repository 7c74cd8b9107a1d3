// SPDX-License-Identifier: Apache-2.0
// A loop whose variable would change its shape.
// expect: "blocks.0.fc"
// expect: "f32[32]"
// expect: "f32[16]"
// expect: a variable keeps the shape of its first value, and its element type: use a new variable
// expect: loop_assigns_other_shape.cpp:18:
// expect: "loop_assigns_other_shape.cpp:15"
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 64>("x"), [](auto x) {
  auto h = dense<32>("stem", x);
  for (unsigned i = 0; i < 4; ++i) h = scope("blocks", i, h, [](auto y) { return relu(dense<16>("fc", y)); });
  return h;
});
INLAY_NETWORK(model);
