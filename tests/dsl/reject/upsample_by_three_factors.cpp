// SPDX-License-Identifier: Apache-2.0
// A factor for the channels, too.
// expect: upsample takes one factor above 0, or one for the height and one for the width of an image
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 2, 4, 4>("x"), [](auto x) { return upsample<1, 2, 2>(x); });
INLAY_NETWORK(model);
