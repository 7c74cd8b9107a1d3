// SPDX-License-Identifier: Apache-2.0
// Padding that makes an image larger than any value may be, although the result is small.
// expect: less than 2^31 elements
// expect: less than 2^31 padded elements
// expect: 200004x200004
// expect: conv1
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 1, 4, 4>("x"),
                               [](auto x) { return conv2d<1, 3>("conv1", x, padding<100000>, stride<100000>); });
INLAY_NETWORK(model);
