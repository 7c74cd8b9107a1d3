// SPDX-License-Identifier: Apache-2.0
// An evaluation without the second input.
// expect: evaluate_too_few_inputs.cpp:9
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 2>("x"), input<f32, 2>("y"), [](auto x, auto y) { return x + y; });
static_assert(evaluate(model, {1, 2})[0] == 1);
