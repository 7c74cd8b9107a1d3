// SPDX-License-Identifier: Apache-2.0
// An evaluation by name without the second input.
// expect: evaluation_of_too_few_inputs.cpp:9
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 2>("x"), input<f32, 2>("y"), [](auto x, auto y) { return x + y; });
static_assert(evaluation_of<model>({1, 2})[0] == 1);
