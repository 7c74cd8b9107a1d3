// SPDX-License-Identifier: Apache-2.0
// A sum along an axis that no shape has: 40 is more than the bits of an axis set.
// expect: a reduction names each axis once, and axes that exist: sum<0, 2>(x)
// expect: reduce_axis_of_no_shape.cpp:9:
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4, 3>("x"), [](auto x) { return sum<40>(x); });
INLAY_NETWORK(model);
