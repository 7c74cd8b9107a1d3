// SPDX-License-Identifier: Apache-2.0
// A function that returns its values in an array.
// expect: or several of them as outputs(a, b)
// expect: network_returns_an_array.cpp:9
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) { return std::array{x, x}; });
INLAY_NETWORK(model);
