// SPDX-License-Identifier: Apache-2.0
// A weight with one element for each column instead of each channel.
// expect: the weight of prelu has one element, or one for each channel
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model =
    network("model", input<f32, 3, 8, 5>("x"), [](auto x) { return prelu(x, param<f32, 5>("act.weight")); });
INLAY_NETWORK(model);
