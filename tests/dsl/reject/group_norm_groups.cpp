// SPDX-License-Identifier: Apache-2.0
// Groups that do not divide the channels.
// expect: the groups of a norm must divide its channels, and eps must be finite and not negative
// expect: a divisor of 6
// expect: groups 4
// expect: gn1
// expect: group_norm_groups.cpp:12
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 6, 8, 8>("x"), [](auto x) { return group_norm<4>("gn1", x); });
INLAY_NETWORK(model);
