// SPDX-License-Identifier: Apache-2.0
// More weights than the shape of a constant has room for.
// expect: 3 == 2
// expect: constant_too_long.cpp:11
// expect: a constant needs exactly as many elements as its shape has
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model =
    network("model", input<f32, 2>("x"), [](auto x) { return dense("fc", x, constant<f32, 1, 2>({1, 2, 3})); });
INLAY_NETWORK(model);
