// SPDX-License-Identifier: Apache-2.0
// A function whose parameter has another element type than the input.
// expect: "f32[4]"
// expect: "i32[4]"
// expect: a variable keeps the shape of its first value, and its element type
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model =
    network("model", input<i32, 4>("tokens"), [](tensor<f32, 4> tokens) { return embedding<10, 8>("emb", tokens); });
INLAY_NETWORK(model);
