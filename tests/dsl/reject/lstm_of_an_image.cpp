// SPDX-License-Identifier: Apache-2.0
// A recurrent layer on an image.
// expect: a recurrent layer gets one step of a sequence, a vector: flatten(x) makes one
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 1, 8, 8>("x"), [](auto x) { return lstm<16>("lstm", x); });
INLAY_NETWORK(model);
