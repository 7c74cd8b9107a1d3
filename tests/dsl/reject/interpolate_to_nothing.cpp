// SPDX-License-Identifier: Apache-2.0
// A result without pixels.
// expect: every size must be at least 1, and their product below 2^31
// expect: f32[2,0,3]
// expect: interpolate_to_nothing.cpp:10
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 2, 4, 4>("x"), [](auto x) { return interpolate<0, 3>(x); });
INLAY_NETWORK(model);
