// SPDX-License-Identifier: Apache-2.0
// An input without a name.
// expect: "a name"
// expect: inputs, outputs, parameters, layers, scopes and networks need names
// expect: missing_input_name.cpp:12:
// expect: "missing_input_name.cpp:11"
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>(""), [](auto x) { return softmax(x); });
INLAY_NETWORK(model);
