// SPDX-License-Identifier: Apache-2.0
// A constant evaluation that needs weights from a file.
// expect: a_parameter_has_no_value_in_the_source
// expect: evaluate_external_weights.cpp:10:
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 2>("x"), [](auto x) { return dense<1>("fc", x); });
static_assert(evaluate(model, {1, 0})[0] == 1);
