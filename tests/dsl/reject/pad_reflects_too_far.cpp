// SPDX-License-Identifier: Apache-2.0
// A mirror image that is longer than the value.
// expect: axes, starts and sizes must lie inside of the operand's shape
// expect: size 9 or more along axis 0
// expect: f32[8] of fc1
// expect: pad_reflects_too_far.cpp:12
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model =
    network("model", input<f32, 4>("x"), [](auto x) { return pad<8, 0>(dense<8>("fc1", x), reflect); });
INLAY_NETWORK(model);
