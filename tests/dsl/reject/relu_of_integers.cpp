// SPDX-License-Identifier: Apache-2.0
// Arithmetic on the integers of an input.
// expect: "tokens"
// expect: "f32 values for relu"
// expect: "i32[20] of tokens"
// expect: only embedding reads i32 values: it turns integers into vectors
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<i32, 20>("tokens"), [](auto tokens) { return relu(tokens); });
INLAY_NETWORK(model);
