// SPDX-License-Identifier: Apache-2.0
// Two inputs of one name.
// expect: "x"
// expect: "one input of this name"
// expect: inputs and outputs need names of their own
// expect: duplicate_input_name.cpp:13:
// expect: "duplicate_input_name.cpp:12"
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), input<f32, 4>("x"), [](auto a, auto b) { return a + b; });
INLAY_NETWORK(model);
