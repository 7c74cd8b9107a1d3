// SPDX-License-Identifier: Apache-2.0
// Axes as PyTorch takes them.
// expect: permute is called with the axes in angle brackets: permute<2, 0, 1>(x)
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4, 4, 3>("x"), [](auto x) { return permute(x, 2, 0, 1); });
INLAY_NETWORK(model);
