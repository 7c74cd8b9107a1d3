// SPDX-License-Identifier: Apache-2.0
// Integers as a result.
// expect: "f32"
// expect: "i32[4] of tokens"
// expect: an output is f32
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<i32, 4>("tokens"), [](auto tokens) {
  return outputs(output("vectors", embedding<10, 8>("emb", tokens)), output("same", tokens));
});
INLAY_NETWORK(model);
