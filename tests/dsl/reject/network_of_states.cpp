// SPDX-License-Identifier: Apache-2.0
// A network with a state and no input.
// expect: a network has a name, one input or more, and a function, in this order
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", state<f32, 4>("h"), [](auto h) { return h; });
INLAY_NETWORK(model);
