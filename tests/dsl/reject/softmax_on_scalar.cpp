// SPDX-License-Identifier: Apache-2.0
// A softmax over the axis that a scalar does not have.
// expect: "temperature"
// expect: "f32[..,n]"
// expect: "f32[]"
// expect: softmax needs at least rank 1
// expect: softmax_on_scalar.cpp:14:
// expect: "softmax_on_scalar.cpp:13"
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32>("temperature"), [](auto t) { return softmax(t); });
INLAY_NETWORK(model);
