// SPDX-License-Identifier: Apache-2.0
// A weight with its axes in the order of another framework.
// expect: the weight of conv2d must be [outputs, channels / groups, height, width], as in PyTorch
// expect: f32[3,6,2,8]
// expect: f32[3,3,2,8]
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model =
    network("model", input<f32, 6, 8, 8>("x"), [](auto x) { return conv2d("conv1", x, param<f32, 3, 3, 2, 8>("w")); });
INLAY_NETWORK(model);
