// SPDX-License-Identifier: Apache-2.0
// A norm without the layer's name.
// expect: layer_norm is called as layer_norm("name", x)
// expect: layer_norm_without_name.cpp:9:
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 8>("x"), [](auto x) { return layer_norm(x); });
INLAY_NETWORK(model);
