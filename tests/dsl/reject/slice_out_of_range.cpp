// SPDX-License-Identifier: Apache-2.0
// A slice that ends behind its axis.
// expect: axes, starts and sizes must lie inside of the operand's shape
// expect: size 9 or more along axis 0
// expect: f32[8] of fc1
// expect: slice_out_of_range.cpp:12
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) { return slice<0, 5, 4>(dense<8>("fc1", x)); });
INLAY_NETWORK(model);
