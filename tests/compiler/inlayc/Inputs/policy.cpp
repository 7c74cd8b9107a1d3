// SPDX-License-Identifier: Apache-2.0
// A Gaussian policy whose outputs are weights, unchanged, computed or repeated, and an input.
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto policy = network("policy", input<f32, 4>("observation"), [](auto observation) {
  auto log_std = param<f32, 3>("log_std");
  return outputs(output("mean", dense<3>("mean", observation)), output("deviation", exp(log_std)),
                 output("raw", log_std), output("again", log_std), output("scale", constant<f32, 2>({1, 2})),
                 output("seen", observation));
});
INLAY_NETWORK(policy);
