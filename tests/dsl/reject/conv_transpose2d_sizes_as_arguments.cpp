// SPDX-License-Identifier: Apache-2.0
// Sizes in parentheses, as in Python.
// expect: conv_transpose2d is called as conv_transpose2d<outputs, kernel>(
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model =
    network("model", input<f32, 6, 8, 8>("x"), [](auto x) { return conv_transpose2d("up1", x, 8, 3); });
INLAY_NETWORK(model);
