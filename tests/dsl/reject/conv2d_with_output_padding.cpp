// SPDX-License-Identifier: Apache-2.0
// An option of transposed convolutions.
// expect: a convolution takes the options stride<...>, padding<...>, same_padding, dilation<...>, groups<...> and
// no_bias
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model =
    network("model", input<f32, 6, 8, 8>("x"), [](auto x) { return conv2d<8, 3>("conv1", x, output_padding<1>); });
INLAY_NETWORK(model);
