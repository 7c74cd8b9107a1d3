// SPDX-License-Identifier: Apache-2.0
// An evaluation with more elements than the input has.
// expect: evaluate_too_many_elements.cpp:9
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 2>("x"), [](auto x) { return relu(x); });
static_assert(evaluate(model, {1, 2, 3})[0] == 1);
