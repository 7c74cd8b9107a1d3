// SPDX-License-Identifier: Apache-2.0
// An option of another layer.
// expect: a transposed convolution takes the options stride<...>, padding<...>, output_padding<...>
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model =
    network("model", input<f32, 6, 8, 8>("x"), [](auto x) { return conv_transpose2d<8, 3>("up1", x, same_padding); });
INLAY_NETWORK(model);
