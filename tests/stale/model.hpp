// SPDX-License-Identifier: Apache-2.0
// A network whose graph depends on VARIANT in one number.
#pragma once

#include <inlay/dsl.hpp>

namespace stale_test {

inline constexpr auto threshold = inlay::network("threshold", inlay::input<inlay::f32, 4>("x"),
                                                 [](auto x) { return inlay::step(x, 0.5f + VARIANT); });

}  // namespace stale_test
