// SPDX-License-Identifier: Apache-2.0
// A dense layer on an image that was not flattened.
// expect: "classifier"
// expect: "f32[n]"
// expect: "f32[3,8,8]"
// expect: dense needs a rank-1 value: apply flatten(x) first
// expect: dense_on_rank_3.cpp:15:
// expect: "dense_on_rank_3.cpp:14"
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model =
    network("model", input<f32, 3, 8, 8>("image"), [](auto image) { return dense<10>("classifier", image); });
INLAY_NETWORK(model);
