// SPDX-License-Identifier: Apache-2.0
// A shape with more dimensions than the graph format has room for.
// expect: a value has at most 6 dimensions
// expect: rank_7.cpp:9:
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 1, 2, 1, 2, 1, 2, 1>("x"), [](auto x) { return relu(x); });
INLAY_NETWORK(model);
