// SPDX-License-Identifier: Apache-2.0
// A size and a mode as PyTorch takes them.
// expect: interpolate is called with the size in angle brackets: interpolate<height, width>(x)
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 2, 4, 4>("x"), [](auto x) { return interpolate(x, 8, "bilinear"); });
INLAY_NETWORK(model);
