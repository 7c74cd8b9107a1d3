// SPDX-License-Identifier: Apache-2.0
// An image where a signal is needed.
// expect: conv_transpose1d needs a signal [channels, length]: reshape<channels, length>
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model =
    network("model", input<f32, 6, 8, 8>("x"), [](auto x) { return conv_transpose1d<8, 3>("up1", x); });
INLAY_NETWORK(model);
