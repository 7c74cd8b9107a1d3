// SPDX-License-Identifier: Apache-2.0
// Instance norm of a value that has nothing but channels.
// expect: axes, starts and sizes must lie inside of the operand's shape
// expect: rank above 1
// expect: f32[8] of x
// expect: norm_of_a_vector.cpp:11
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 8>("x"), [](auto x) { return instance_norm("in", x); });
INLAY_NETWORK(model);
