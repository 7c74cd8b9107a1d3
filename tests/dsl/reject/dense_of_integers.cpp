// SPDX-License-Identifier: Apache-2.0
// A layer on the integers of an input.
// expect: "fc"
// expect: "f32 values for dense"
// expect: "i32[20] of tokens"
// expect: only embedding reads i32 values
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<i32, 20>("tokens"), [](auto tokens) { return dense<4>("fc", tokens); });
INLAY_NETWORK(model);
