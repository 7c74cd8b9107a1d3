// SPDX-License-Identifier: Apache-2.0
// The networks whose training is timed.
#pragma once

#include <inlay/dsl.hpp>

namespace inlay::bench {

inline constexpr auto perceptron = network("perceptron", input<f32, 784>("pixels"), [](auto pixels) {
  return dense<10>("out", relu(dense<256>("second", relu(dense<512>("first", pixels)))));
});

/// LeNet-5 for images of 28 x 28 pixels, with relu and max_pool.
inline constexpr auto lenet = network("lenet", input<f32, 1, 28, 28>("image"), [](auto image) {
  auto edges = max_pool<2>(relu(conv2d<6, 5>("conv1", image, padding<2>)));
  auto shapes = max_pool<2>(relu(conv2d<16, 5>("conv2", edges)));
  return dense<10>("out", relu(dense<84>("fc2", relu(dense<120>("fc1", flatten(shapes))))));
});

inline constexpr auto recurrent =
    network("recurrent", input<f32, 16>("x"), [](auto x) { return dense<1>("out", gru<32>("gru", x)); });

}  // namespace inlay::bench
