// SPDX-License-Identifier: Apache-2.0
// A state that is read but not assigned.
// expect: "h"
// expect: "one assignment"
// expect: "none"
// expect: a network assigns each of its states once
// expect: "state_never_assigned.cpp:12"
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), state<f32, 4>("h"), [](auto x, auto h) { return x + h; });
INLAY_NETWORK(model);
