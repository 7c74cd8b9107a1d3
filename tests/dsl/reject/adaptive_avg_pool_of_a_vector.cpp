// SPDX-License-Identifier: Apache-2.0
// Means of the parts of a vector.
// expect: upsample, interpolate and adaptive_avg_pool need an image [channels, height, width]
// expect: f32[8] of fc1
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model =
    network("model", input<f32, 4>("x"), [](auto x) { return adaptive_avg_pool<2>(dense<8>("fc1", x)); });
INLAY_NETWORK(model);
