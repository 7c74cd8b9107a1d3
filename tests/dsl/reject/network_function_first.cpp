// SPDX-License-Identifier: Apache-2.0
// A network whose function comes before its inputs.
// expect: a network has a name, one input or more, and a function, in this order
// expect: network_function_first.cpp:9
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", [](auto x) { return relu(x); }, input<f32, 4>("x"));
INLAY_NETWORK(model);
