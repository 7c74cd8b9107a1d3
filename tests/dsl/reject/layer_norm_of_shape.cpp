// SPDX-License-Identifier: Apache-2.0
// The shape as an argument, as torch.nn.LayerNorm has it.
// expect: layer_norm is called as layer_norm("name", x), for more than the last axis as layer_norm<2>("name", x)
// expect: layer_norm_of_shape.cpp:9:
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 8>("x"), [](auto x) { return layer_norm("ln", 8, x); });
INLAY_NETWORK(model);
