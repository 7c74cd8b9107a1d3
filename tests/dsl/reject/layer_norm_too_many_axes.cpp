// SPDX-License-Identifier: Apache-2.0
// Layer norm over more axes than the value has.
// expect: axes, starts and sizes must lie inside of the operand's shape
// expect: rank above 2
// expect: f32[6,8]
// expect: layer_norm_too_many_axes.cpp:11
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 6, 8>("x"), [](auto x) { return layer_norm<3>("ln", x); });
INLAY_NETWORK(model);
