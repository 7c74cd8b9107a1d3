// SPDX-License-Identifier: Apache-2.0
// A function that returns a number.
// expect: the function of a network returns a value
// expect: network_returns_a_number.cpp:9
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto) { return 1.0f; });
INLAY_NETWORK(model);
