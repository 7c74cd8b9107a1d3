// SPDX-License-Identifier: Apache-2.0
// Groups that do not divide the outputs.
// expect: the groups of a convolution must divide its channels and its outputs
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model =
    network("model", input<f32, 6, 8, 8>("x"), [](auto x) { return conv_transpose2d<8, 3>("up1", x, groups<3>); });
INLAY_NETWORK(model);
