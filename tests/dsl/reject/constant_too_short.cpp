// SPDX-License-Identifier: Apache-2.0
// Fewer weights than the shape of a constant needs.
// expect: 1 == 2
// expect: constant_too_short.cpp:11
// expect: a constant needs exactly as many elements as its shape has
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model =
    network("model", input<f32, 2>("x"), [](auto x) { return dense("fc", x, constant<f32, 1, 2>({1})); });
INLAY_NETWORK(model);
