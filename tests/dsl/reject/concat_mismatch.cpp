// SPDX-License-Identifier: Apache-2.0
// Pieces of a concat whose sizes differ in another axis.
// expect: "right"
// expect: "f32[4,6] of left"
// expect: "f32[5,6] of right"
// expect: the pieces of a concat may differ along its axis only
// expect: concat_mismatch.cpp:15:
// expect: "concat_mismatch.cpp:13"
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4, 6>("left"), input<f32, 5, 6>("right"),
                               [](auto left, auto right) { return concat<1>(left, right); });
INLAY_NETWORK(model);
