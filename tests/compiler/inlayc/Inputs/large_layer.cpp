// SPDX-License-Identifier: Apache-2.0
// A layer whose weights take more than 2 GiB, and one gibibyte in bf16.
#include <inlay/dsl.hpp>

inline constexpr auto large = inlay::network("large", inlay::input<inlay::f32, 30000>("x"),
                                             [](auto x) { return inlay::dense<20000>("fc", x, inlay::no_bias); });
INLAY_NETWORK(large);
