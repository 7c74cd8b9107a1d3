// SPDX-License-Identifier: Apache-2.0
// Amounts and mode as PyTorch takes them.
// expect: pad is called with the amounts in angle brackets, two for each axis and the last axis first
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 2, 4, 4>("x"), [](auto x) { return pad(x, 1, 1, "reflect"); });
INLAY_NETWORK(model);
