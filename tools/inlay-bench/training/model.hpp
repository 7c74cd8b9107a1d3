// SPDX-License-Identifier: Apache-2.0
// The network whose training is timed.
#pragma once

#include <inlay/dsl.hpp>

namespace inlay::bench {

inline constexpr auto perceptron = network("perceptron", input<f32, 784>("pixels"), [](auto pixels) {
  return dense<10>("out", relu(dense<256>("second", relu(dense<512>("first", pixels)))));
});

}  // namespace inlay::bench
