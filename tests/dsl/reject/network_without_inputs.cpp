// SPDX-License-Identifier: Apache-2.0
// A network without inputs.
// expect: a network has a name, one input or more, and a function, in this order
// expect: network_without_inputs.cpp:9
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", [] { return 1; });
INLAY_NETWORK(model);
