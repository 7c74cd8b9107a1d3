// SPDX-License-Identifier: Apache-2.0
// A negative eps.
// expect: the groups of a norm must divide its channels, and eps must be finite and not negative
// expect: a finite eps from 0 on
// expect: norm1
// expect: rms_norm_of_negative_eps.cpp:11
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 8>("x"), [](auto x) { return rms_norm("norm1", x, -1e-6f); });
INLAY_NETWORK(model);
