// SPDX-License-Identifier: Apache-2.0
// A padding that takes the whole result away.
// expect: padding must leave at least one pixel
// expect: less than 10x10
// expect: padding 10x10
// expect: up1
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model =
    network("model", input<f32, 6, 8, 8>("x"), [](auto x) { return conv_transpose2d<8, 3>("up1", x, padding<5>); });
INLAY_NETWORK(model);
