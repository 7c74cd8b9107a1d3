// SPDX-License-Identifier: Apache-2.0
// A permutation that names an axis twice and lacks another.
// expect: permute names each axis of the value once: permute<2, 0, 1>(x) for a value of rank 3
// expect: permute_axis_twice.cpp:
#include "inlay/dsl.hpp"
using namespace inlay;
constexpr auto model = network("model", input<f32, 4, 4, 3>("x"), [](auto x) { return permute<2, 0, 0>(x); });
INLAY_NETWORK(model);
