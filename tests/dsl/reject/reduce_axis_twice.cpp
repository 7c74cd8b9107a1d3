// SPDX-License-Identifier: Apache-2.0
// A mean along an axis and the same axis counted from the end.
// expect: a reduction names each axis once, and axes that exist: sum<0, 2>(x)
// expect: reduce_axis_twice.cpp:9:
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4, 3>("x"), [](auto x) { return mean<1, -1>(x); });
INLAY_NETWORK(model);
