// SPDX-License-Identifier: Apache-2.0
// A window that is larger than the padded image.
// expect: the window must fit into the padded image
// expect: 5x5 or more
// expect: 4x6
// expect: conv1
// expect: conv2d_window_too_large.cpp:13
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model =
    network("model", input<f32, 3, 4, 4>("x"), [](auto x) { return conv2d<8, 5>("conv1", x, padding<0, 1>); });
INLAY_NETWORK(model);
