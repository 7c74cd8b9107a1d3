// SPDX-License-Identifier: Apache-2.0
// A named output without a name.
// expect: output is called as output("name", value)
// expect: output_without_name.cpp:9
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) { return output(relu(x)); });
INLAY_NETWORK(model);
