// SPDX-License-Identifier: Apache-2.0
// Sizes as PyTorch takes them.
// expect: conv2d is called as conv2d<outputs, kernel>("name", x, options...)
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 3, 8, 8>("x"), [](auto x) { return conv2d("conv1", x, 8, 3); });
INLAY_NETWORK(model);
