// SPDX-License-Identifier: Apache-2.0
// Padding that keeps the size, with a stride that does not.
// expect: same_padding needs stride 1
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 3, 8, 8>("x"),
                               [](auto x) { return conv2d<8, 3>("conv1", x, same_padding, stride<2>); });
INLAY_NETWORK(model);
