// SPDX-License-Identifier: Apache-2.0
// Branches of a selection whose shape differs from the condition's.
// expect: "negative"
// expect: "f32[8] of x"
// expect: "f32[6] of negative"
// expect: sizes must be equal or 1, from the last axis on: give the layers the same width, or reshape one of them
// expect: "where_of_other_shape.cpp:13"
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model =
    network("model", input<f32, 8>("x"), [](auto x) { return where(x > 0, x, dense<6>("negative", x)); });
INLAY_NETWORK(model);
