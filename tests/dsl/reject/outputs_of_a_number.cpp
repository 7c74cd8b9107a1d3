// SPDX-License-Identifier: Apache-2.0
// Several outputs, one of them a number.
// expect: the function of a network returns a value
// expect: outputs_of_a_number.cpp:9
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) { return outputs(relu(x), 1); });
INLAY_NETWORK(model);
