// SPDX-License-Identifier: Apache-2.0
// Sizes as PyTorch takes them.
// expect: max_pool is called as max_pool<window>(x, options...)
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 3, 8, 8>("x"), [](auto x) { return flatten(max_pool(x, 2, 2)); });
INLAY_NETWORK(model);
