// SPDX-License-Identifier: Apache-2.0
// Groups that do not divide the channels.
// expect: the groups of a convolution must divide its channels and its outputs
// expect: a divisor of 6
// expect: groups 4
// expect: conv1
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model =
    network("model", input<f32, 6, 8, 8>("x"), [](auto x) { return conv2d<8, 3>("conv1", x, groups<4>); });
INLAY_NETWORK(model);
