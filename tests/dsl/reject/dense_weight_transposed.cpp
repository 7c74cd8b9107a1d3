// SPDX-License-Identifier: Apache-2.0
// A weight in the order [inputs, outputs].
// expect: "mix"
// expect: "f32[3,3]"
// expect: "f32[3,5]"
// expect: the weight of dense must be [outputs, inputs], as in PyTorch
// expect: dense_weight_transposed.cpp:15:
// expect: "dense_weight_transposed.cpp:14"
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model =
    network("model", input<f32, 3>("x"), [](auto x) { return dense("mix", x, param<f32, 3, 5>("mixing")); });
INLAY_NETWORK(model);
