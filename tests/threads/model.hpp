// SPDX-License-Identifier: Apache-2.0
// A network whose layers are divided among threads even for one sample.
#pragma once

#include "inlay/dsl.hpp"

inline constexpr auto divided = inlay::network("divided", inlay::input<inlay::f32, 128>("x"), [](auto x) {
  auto h = inlay::tanh(inlay::dense<520>("fc1", x));
  return inlay::softmax(inlay::dense<10>("fc3", inlay::gelu(inlay::dense<300>("fc2", h))));
});
