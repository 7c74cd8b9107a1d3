// SPDX-License-Identifier: Apache-2.0
// Integers in another shape.
// expect: "f32 values for reshape"
// expect: "i32[4,5] of tokens"
// expect: only embedding reads i32 values
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model =
    network("model", input<i32, 4, 5>("tokens"), [](auto tokens) { return embedding<10, 8>("emb", flatten(tokens)); });
INLAY_NETWORK(model);
