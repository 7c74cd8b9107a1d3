// SPDX-License-Identifier: Apache-2.0
// A constant evaluation of a network that breaks a rule.
// expect: network_is_ill_formed_INLAY_NETWORK_says_why
// expect: evaluate_ill_formed.cpp:10:
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 2>("x"), input<f32, 3>("y"), [](auto x, auto y) { return x + y; });
static_assert(evaluate(model, {1, 0}, {1, 2, 3})[0] == 1);
