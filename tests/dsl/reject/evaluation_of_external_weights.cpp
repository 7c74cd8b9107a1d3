// SPDX-License-Identifier: Apache-2.0
// A constant evaluation that needs weights from a file; the compiler names the first of them.
// expect: "fc.weight"
// expect: only weights in the source can be evaluated here: use constant(...), or compile the network
// expect: evaluation_of_external_weights.cpp:11:
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 2>("x"), [](auto x) { return dense<1>("fc", x); });
static_assert(evaluation_of<model>({1, 0})[0] == 1);
