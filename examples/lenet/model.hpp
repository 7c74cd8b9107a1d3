// SPDX-License-Identifier: Apache-2.0
// A small LeNet as a C++ expression: an image of 8x8 pixels in [0, 1] to the probabilities of the ten digits.
#pragma once

#include <inlay/dsl.hpp>

namespace lenet_example {

using namespace inlay;

inline constexpr auto lenet = network("lenet", input<f32, 1, 8, 8>("image"), [](auto image) {
  auto edges = max_pool<2>(relu(conv2d<16, 3>("conv1", image, same_padding)));  // [16, 4, 4]
  auto shapes = max_pool<2>(relu(conv2d<32, 3>("conv2", edges, padding<1>)));   // [32, 2, 2]
  auto hidden = relu(dense<64>("fc1", flatten(shapes)));
  return softmax(dense<10>("fc2", hidden));
});

}  // namespace lenet_example
