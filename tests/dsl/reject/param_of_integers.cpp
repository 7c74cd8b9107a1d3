// SPDX-License-Identifier: Apache-2.0
// Weights of integers.
// expect: the element type is f32: param<f32, 10, 64>("name")
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) { return x + param<i32, 4>("w"); });
INLAY_NETWORK(model);
