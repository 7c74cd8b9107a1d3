// SPDX-License-Identifier: Apache-2.0
// A network whose function forgets to return.
// expect: "model"
// expect: "at least one output"
// expect: the network returns nothing: return a value or outputs(...)
// expect: no_output.cpp:13:
// expect: "no_output.cpp:12"
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) { softmax(x); });
INLAY_NETWORK(model);
