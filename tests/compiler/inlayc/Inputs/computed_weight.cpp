// SPDX-License-Identifier: Apache-2.0
// A layer whose weight is computed from other weights, and a network without parameters.
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto scaled = network("scaled", input<f32, 4>("x"), [](auto x) {
  return dense("fc", x, param<f32, 3, 4>("direction") * param<f32, 3, 1>("length"));
});
INLAY_NETWORK(scaled);

constexpr auto doubled = network("doubled", input<f32, 4>("x"), [](auto x) { return x * 2; });
INLAY_NETWORK(doubled);
