// SPDX-License-Identifier: Apache-2.0
// Two networks whose weights are in the source.
#include "inlay/dsl.hpp"

constexpr auto both_inputs = inlay::network("both_inputs", inlay::input<inlay::f32, 2>("x"), [](auto x) {
  return step(inlay::dense("fires", x, inlay::constant<inlay::f32, 1, 2>({1, 1})), 1.5f);
});
INLAY_NETWORK(both_inputs);

constexpr auto doubled = inlay::network("doubled", inlay::input<inlay::f32, 5>("x"), [](auto x) { return x * 2; });
INLAY_NETWORK(doubled);
