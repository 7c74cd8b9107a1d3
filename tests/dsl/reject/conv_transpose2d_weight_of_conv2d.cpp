// SPDX-License-Identifier: Apache-2.0
// A weight with its axes in the order of conv2d.
// expect: the weight of conv_transpose2d must be [channels, outputs / groups, height, width], as in PyTorch
// expect: f32[6,6,3,3]
// expect: f32[3,6,3,3]
// expect: up1
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 6, 8, 8>("x"),
                               [](auto x) { return conv_transpose2d("up1", x, param<f32, 3, 6, 3, 3>("w")); });
INLAY_NETWORK(model);
