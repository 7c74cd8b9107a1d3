// SPDX-License-Identifier: Apache-2.0
// Padding without the amount behind the axis.
// expect: pad takes two numbers for each axis, the last axis first: pad<left, right, top, bottom>(x)
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 2, 4, 4>("x"), [](auto x) { return pad<1, 1, 2>(x); });
INLAY_NETWORK(model);
