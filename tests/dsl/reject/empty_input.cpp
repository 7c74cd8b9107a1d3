// SPDX-License-Identifier: Apache-2.0
// An input without elements.
// expect: "x"
// expect: "1 .. 2^31-1 elements"
// expect: "f32[4,0]"
// expect: every size must be at least 1, and their product below 2^31
// expect: empty_input.cpp:14:
// expect: "empty_input.cpp:13"
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4, 0>("x"), [](auto x) { return relu(x); });
INLAY_NETWORK(model);
