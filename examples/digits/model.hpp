// SPDX-License-Identifier: Apache-2.0
// The digit classifier as a C++ expression: 64 pixels in [0, 1] to the probabilities of the ten digits.
#pragma once

#include <inlay/dsl.hpp>

namespace digits_example {

using namespace inlay;

inline constexpr auto digits = network("digits", input<f32, 64>("pixels"), [](auto pixels) {
  auto h1 = relu(dense<32>("fc1", pixels));
  auto h2 = tanh(dense<32>("fc2", h1) + h1);
  return softmax(dense<10>("fc3", h2));
});

}  // namespace digits_example
