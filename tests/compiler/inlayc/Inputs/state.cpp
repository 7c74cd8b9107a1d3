// SPDX-License-Identifier: Apache-2.0
// A counter that begins with 10, and a delayed input.
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto counter =
    network("counter", input<f32, 2>("x"), state<f32, 2>("n", constant<f32, 2>({10, 20})), [](auto x, auto n) {
      n = n + x;
      return outputs(output("sum", n), output("late", delay<2>(x)));
    });
INLAY_NETWORK(counter);
