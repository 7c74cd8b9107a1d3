// SPDX-License-Identifier: Apache-2.0
// The axis of a reduction as an argument, as in PyTorch.
// expect: amax is called with its axes in angle brackets, and perhaps keepdim: amax(x), amax<0, 1>(x)
// expect: reduce_axis_as_argument.cpp:9:
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4, 3>("x"), [](auto x) { return amax(x, 1); });
INLAY_NETWORK(model);
