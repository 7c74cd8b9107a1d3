// SPDX-License-Identifier: Apache-2.0
// A weight that is no matrix.
// expect: "mix"
// expect: "f32[3,3]"
// expect: "f32[3]"
// expect: the weight of dense must be [outputs, inputs], as in PyTorch
// expect: dense_weight_of_rank_1.cpp:15:
// expect: "dense_weight_of_rank_1.cpp:14"
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model =
    network("model", input<f32, 3>("x"), [](auto x) { return dense("mix", x, constant<f32, 3>({1, 2, 3})); });
INLAY_NETWORK(model);
