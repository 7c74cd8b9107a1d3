// SPDX-License-Identifier: Apache-2.0
// Networks with state: one that is computed step by step, one that is computed in blocks of steps, and one whose wide
// layers keep values in scratch memory.
#pragma once

#include "inlay/dsl.hpp"

inline constexpr auto recurrent = inlay::network("recurrent", inlay::input<inlay::f32, 3>("x"),
                                                 inlay::state<inlay::f32, 3>("last"), [](auto x, auto last) {
                                                   using namespace inlay;
                                                   auto h = lstm<16>("lstm", gru<8>("gru", x + 0.5f * last));
                                                   last = x;
                                                   return softmax(dense<4>("out", concat(h, ema("smooth", x, 0.25f))));
                                                 });

inline constexpr auto blocks = inlay::network("blocks", inlay::input<inlay::f32, 3>("x"), [](auto x) {
  using namespace inlay;
  auto h = tanh(causal_conv1d<19, 3>("conv1", x, dilation<4>));
  return dense<4>("mix", relu(causal_conv1d<16, 2>("conv2", h, dilation<40>)) + delay<3>(slice<0, 0, 16>(h)));
});

inline constexpr auto wide = inlay::network("wide", inlay::input<inlay::f32, 3>("x"), [](auto x) {
  using namespace inlay;
  auto h = relu(dense<700>("fc1", causal_conv1d<32, 3>("conv3", x)));
  return dense<4>("fc3", gelu(dense<130>("fc2", h)));
});
