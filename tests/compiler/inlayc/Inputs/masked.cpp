// SPDX-License-Identifier: Apache-2.0
// A network whose layer has a weight that is computed from a parameter.
#include <inlay/dsl.hpp>

using namespace inlay;

static constexpr auto masked = network("masked", input<f32, 3>("x"), [](auto x) {
  return dense("out", x, sin(param<f32, 2, 3>("w")) * constant<f32, 2, 3>({1, 0, 1, 0, 1, 1}));
});
INLAY_NETWORK(masked);
