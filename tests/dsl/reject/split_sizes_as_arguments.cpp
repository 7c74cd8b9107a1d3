// SPDX-License-Identifier: Apache-2.0
// Sizes as PyTorch takes them.
// expect: split is called with the axis and the sizes in angle brackets: auto [a, b] = split<0, 8, 24>(x)
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 8>("x"), [](auto x) { return relu(split(x, 4, 0)); });
INLAY_NETWORK(model);
