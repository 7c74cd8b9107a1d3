// SPDX-License-Identifier: Apache-2.0
// Padding of a pool by more than half of its window.
// expect: a pool's padding is at most half of its window
// expect: padding up to 1x1
// expect: 2x2
// expect: layer<2>
// expect: pool_padding_too_large.cpp:13
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model =
    network("model", input<f32, 3, 8, 8>("x"), [](auto x) { return max_pool<3>(x, padding<2>, stride<2>); });
INLAY_NETWORK(model);
