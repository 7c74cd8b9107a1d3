// SPDX-License-Identifier: Apache-2.0
// An autoencoder whose decoder uses the encoder's weight transposed.
#pragma once

#include <inlay/dsl.hpp>

inline constexpr auto autoencoder = inlay::network("autoencoder", inlay::input<inlay::f32, 3>("x"), [](auto x) {
  return inlay::dense<3>("dec", inlay::relu(inlay::dense<2>("enc", x)), inlay::no_bias);
});
