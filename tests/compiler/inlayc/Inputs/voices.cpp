// SPDX-License-Identifier: Apache-2.0
// A counter without weights, whose results are exact in every order.
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto counter =
    network("counter", input<f32, 3>("x"), state<f32, 3>("n", constant<f32, 3>({10, 20, 30})), [](auto x, auto n) {
      n = n + x;
      return output("sum", n);
    });
INLAY_NETWORK(counter);
