// SPDX-License-Identifier: Apache-2.0
// A sum of an input of integers and another value.
// expect: "f32 values for add"
// expect: "i32[4] of tokens"
// expect: only embedding reads i32 values
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model =
    network("model", input<f32, 4>("x"), input<i32, 4>("tokens"), [](auto x, auto tokens) { return x + tokens; });
INLAY_NETWORK(model);
