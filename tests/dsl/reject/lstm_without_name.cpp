// SPDX-License-Identifier: Apache-2.0
// A recurrent layer without its name.
// expect: lstm is called as lstm<16>("name", x)
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) { return lstm<16>(x); });
INLAY_NETWORK(model);
