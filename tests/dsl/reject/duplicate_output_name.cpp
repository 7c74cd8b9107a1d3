// SPDX-License-Identifier: Apache-2.0
// Two outputs of one name.
// expect: "mean"
// expect: "one output of this name"
// expect: inputs and outputs need names of their own
// expect: duplicate_output_name.cpp:14:
// expect: "duplicate_output_name.cpp:13"
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"),
                               [](auto x) { return outputs(output("mean", relu(x)), output("mean", exp(x))); });
INLAY_NETWORK(model);
