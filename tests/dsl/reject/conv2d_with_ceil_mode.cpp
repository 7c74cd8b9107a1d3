// SPDX-License-Identifier: Apache-2.0
// An option of pools for a convolution.
// expect: a convolution takes the options stride<...>, padding<...>, same_padding, dilation<...>, groups<...>
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model =
    network("model", input<f32, 3, 8, 8>("x"), [](auto x) { return conv2d<8, 3>("conv1", x, ceil_mode); });
INLAY_NETWORK(model);
