// SPDX-License-Identifier: Apache-2.0
// Indices that are not integers.
// expect: "emb"
// expect: "i32 indices for embedding"
// expect: "f32[20] of tokens"
// expect: the indices of embedding are i32: declare the input as input<i32, ...>
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model =
    network("model", input<f32, 20>("tokens"), [](auto tokens) { return embedding<10, 8>("emb", tokens); });
INLAY_NETWORK(model);
