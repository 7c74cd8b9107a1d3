// SPDX-License-Identifier: Apache-2.0
// A sum along an axis that the value does not have.
// expect: axes, starts and sizes must lie inside of the operand's shape
// expect: rank above 1
// expect: f32[8] of fc1
// expect: reduce_axis_out_of_range.cpp:11
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) { return sum<-2>(dense<8>("fc1", x)); });
INLAY_NETWORK(model);
