// SPDX-License-Identifier: Apache-2.0
// A network without a name.
// expect: a network needs a name: network("name", input<f32, 4>("x"), function)
// expect: network_without_name.cpp:9
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network(input<f32, 4>("x"), [](auto x) { return relu(x); });
INLAY_NETWORK(model);
