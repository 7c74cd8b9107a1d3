// SPDX-License-Identifier: Apache-2.0
// The network for all weights files of these tests.
#pragma once

#include <inlay/dsl.hpp>

inline constexpr auto gain = inlay::network("gain", inlay::input<inlay::f32, 3>("x"),
                                            [](auto x) { return inlay::dense<2>("fc", x, inlay::no_bias); });
