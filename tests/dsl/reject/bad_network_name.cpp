// SPDX-License-Identifier: Apache-2.0
// A network name that cannot be a C function.
// expect: "3d-model"
// expect: "a C identifier"
// expect: the network's name becomes a C function: use letters, digits and underscores
// expect: bad_network_name.cpp:13:
// expect: "bad_network_name.cpp:12"
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("3d-model", input<f32, 4>("x"), [](auto x) { return softmax(x); });
INLAY_NETWORK(model);
