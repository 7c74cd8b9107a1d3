// SPDX-License-Identifier: Apache-2.0
// An output padding of a whole stride.
// expect: output_padding must be smaller than the stride or the dilation
// expect: output_padding 2 by 1
// expect: up1
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 6, 8, 8>("x"), [](auto x) {
  return conv_transpose2d<8, 3>("up1", x, stride<2>, output_padding<2, 1>);
});
INLAY_NETWORK(model);
