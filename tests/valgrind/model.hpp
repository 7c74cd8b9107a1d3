// SPDX-License-Identifier: Apache-2.0
// Networks whose kernels mask lanes, pad rows, skip zeros and keep values in scratch memory.
#pragma once

#include "inlay/dsl.hpp"

/// Odd widths, a concat, a residual, a softmax, and a layer that skips its input's zeros.
inline constexpr auto odd = inlay::network("odd", inlay::input<inlay::f32, 37>("x"), [](auto x) {
  using namespace inlay;
  auto a = relu(dense<333>("fc1", x));
  auto b = tanh(dense<45>("fc2", a));
  auto c = concat(b, gelu(dense<13>("fc3", x)));
  auto d = c + sigmoid(dense<58>("fc4", c));
  return softmax(dense<10>("fc5", d));
});

/// A small network, whose values stay in registers.
inline constexpr auto small = inlay::network("small", inlay::input<inlay::f32, 3>("x"), [](auto x) {
  using namespace inlay;
  return log(square(sin(dense<2>("s2", softplus(dense<5>("s1", x))))) + 1);
});
