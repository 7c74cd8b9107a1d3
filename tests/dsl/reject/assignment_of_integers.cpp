// SPDX-License-Identifier: Apache-2.0
// A variable of integers that is given the result of arithmetic.
// expect: "f32 values for multiply"
// expect: "i32[4] of tokens"
// expect: only embedding reads i32 values
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<i32, 4>("tokens"), [](auto tokens) {
  tokens *= 2;
  return embedding<10, 8>("emb", tokens);
});
INLAY_NETWORK(model);
