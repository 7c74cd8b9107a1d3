// SPDX-License-Identifier: Apache-2.0
// Interpolation of a value that is neither an image nor a signal.
// expect: upsample, interpolate and adaptive_avg_pool need an image [channels, height, width]
// expect: f32[channels,height,width]
// expect: f32[8] of fc1
// expect: upsample_of_a_vector.cpp:12
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) { return upsample<2>(dense<8>("fc1", x)); });
INLAY_NETWORK(model);
