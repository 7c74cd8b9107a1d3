// SPDX-License-Identifier: Apache-2.0
// A network without a function.
// expect: a network has a name, one input or more, and a function, in this order
// expect: network_without_function.cpp:9
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"));
INLAY_NETWORK(model);
