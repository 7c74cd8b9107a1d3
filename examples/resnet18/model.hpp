// SPDX-License-Identifier: Apache-2.0
// ResNet-18 as a C++ expression, with torchvision's parameter names: an image of 224x224 pixels to 1000 logits.
#pragma once

#include <inlay/dsl.hpp>

namespace resnet18_example {

using namespace inlay;

/// torchvision's BasicBlock: two convolutions, and a way around them.
template <std::uint32_t Channels, std::uint32_t Stride>
constexpr auto basic_block(auto x) {
  auto h = relu(batch_norm("bn1", conv2d<Channels, 3>("conv1", x, stride<Stride>, padding<1>, no_bias)));
  auto y = batch_norm("bn2", conv2d<Channels, 3>("conv2", h, padding<1>, no_bias));
  if constexpr (Stride == 1) {
    return relu(y + x);
  } else {
    auto smaller = scope("downsample", x, [](auto image) {
      return batch_norm("1", conv2d<Channels, 1>("0", image, stride<Stride>, no_bias));
    });
    return relu(y + smaller);
  }
}

/// Two blocks. The first one may halve the image, the others keep its shape, so that they are a loop.
template <std::uint32_t Channels, std::uint32_t Stride>
constexpr auto layer(const char* name, auto x) {
  auto y = scope(name, 0, x, [](auto image) { return basic_block<Channels, Stride>(image); });
  for (unsigned block = 1; block < 2; ++block)
    y = scope(name, block, y, [](auto image) { return basic_block<Channels, 1>(image); });
  return y;
}

/// The whole network. Images may have any size of 32 pixels or more.
constexpr auto logits(auto image) {
  auto edges = relu(batch_norm("bn1", conv2d<64, 7>("conv1", image, stride<2>, padding<3>, no_bias)));
  auto layer1 = layer<64, 1>("layer1", max_pool<3>(edges, stride<2>, padding<1>));
  auto layer2 = layer<128, 2>("layer2", layer1);
  auto layer3 = layer<256, 2>("layer3", layer2);
  auto layer4 = layer<512, 2>("layer4", layer3);
  return dense<1000>("fc", flatten(global_avg_pool(layer4)));
}

inline constexpr auto resnet18 =
    network("resnet18", input<f32, 3, 224, 224>("image"), [](auto image) { return output("logits", logits(image)); });

}  // namespace resnet18_example
