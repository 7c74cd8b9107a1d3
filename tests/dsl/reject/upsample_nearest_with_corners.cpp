// SPDX-License-Identifier: Apache-2.0
// The nearest pixel has no corners to align.
// expect: align_corners goes with bilinear
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model =
    network("model", input<f32, 2, 4, 4>("x"), [](auto x) { return upsample<2>(x, nearest, align_corners); });
INLAY_NETWORK(model);
