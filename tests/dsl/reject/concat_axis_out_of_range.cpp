// SPDX-License-Identifier: Apache-2.0
// A concat along an axis that its pieces do not have.
// expect: "left"
// expect: "rank above 1"
// expect: "f32[4] of left"
// expect: the pieces of a concat may differ along its axis only
// expect: concat_axis_out_of_range.cpp:15:
// expect: "concat_axis_out_of_range.cpp:13"
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("left"), input<f32, 5>("right"),
                               [](auto left, auto right) { return concat<1>(left, right); });
INLAY_NETWORK(model);
