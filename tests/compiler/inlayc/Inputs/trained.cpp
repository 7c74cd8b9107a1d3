// SPDX-License-Identifier: Apache-2.0
// A network without weights, which is trained.
#include <inlay/dsl.hpp>

using namespace inlay;

static constexpr auto learner = network(
    "learner", input<f32, 3>("x"), [](auto x) { return output("y", dense<2>("out", tanh(dense<5>("hidden", x)))); });
INLAY_NETWORK(learner);
