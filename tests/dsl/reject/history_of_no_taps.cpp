// SPDX-License-Identifier: Apache-2.0
// A history without steps.
// expect: "taps 0, dilation 1"
// expect: taps and dilation are at least 1
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) { return history<0>(x); });
INLAY_NETWORK(model);
