// SPDX-License-Identifier: Apache-2.0
// A constant from a table of doubles.
// expect: a table for a constant has elements of type float
// expect: constant_of_double_table.cpp:10
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr std::array<double, 4> table{1, 2, 3, 4};
constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) { return x + constant<f32, 4>(table); });
INLAY_NETWORK(model);
