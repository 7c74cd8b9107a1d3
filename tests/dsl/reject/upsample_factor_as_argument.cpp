// SPDX-License-Identifier: Apache-2.0
// A factor as PyTorch takes it.
// expect: upsample is called with the factor in angle brackets: upsample<2>(x)
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 2, 4, 4>("x"), [](auto x) { return upsample(x, 2); });
INLAY_NETWORK(model);
