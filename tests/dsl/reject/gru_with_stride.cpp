// SPDX-License-Identifier: Apache-2.0
// A recurrent layer with an option of convolutions.
// expect: gru is called as gru<16>("name", x)
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) { return gru<16>("gru", x, stride<2>); });
INLAY_NETWORK(model);
