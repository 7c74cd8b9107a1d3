// SPDX-License-Identifier: Apache-2.0
// MobileNetV2 as a C++ expression, with torchvision's parameter names: an image of 224x224 pixels to 1000 logits.
#pragma once

#include <inlay/dsl.hpp>

namespace mobilenet_v2_example {

using namespace inlay;

template <class Image>
constexpr std::uint32_t channels_of = Image::shape_type::dims.sizes[0];

/// torchvision's Conv2dNormActivation: a convolution, its batch norm and relu6.
template <std::uint32_t Channels, std::uint32_t Kernel, std::uint32_t Stride = 1, std::uint32_t Groups = 1>
constexpr auto conv_norm_relu6(const char* name, auto x) {
  return scope(name, x, [](auto image) {
    return relu6(batch_norm(
        "1", conv2d<Channels, Kernel>("0", image, stride<Stride>, padding<Kernel / 2>, groups<Groups>, no_bias)));
  });
}

/// torchvision's InvertedResidual: from few channels to many, a filter for each of them alone, and back to few. Its
/// input is added to the result if they have the same shape.
template <std::uint32_t Channels, std::uint32_t Stride, std::uint32_t Expansion>
constexpr auto inverted_residual(auto x) {
  constexpr std::uint32_t given = channels_of<decltype(x)>, many = given * Expansion;
  auto y = scope("conv", x, [](auto image) {
    if constexpr (Expansion == 1) {
      auto filtered = conv_norm_relu6<many, 3, Stride, many>("0", image);
      return batch_norm("2", conv2d<Channels, 1>("1", filtered, no_bias));
    } else {
      auto wide = conv_norm_relu6<many, 1>("0", image);
      auto filtered = conv_norm_relu6<many, 3, Stride, many>("1", wide);
      return batch_norm("3", conv2d<Channels, 1>("2", filtered, no_bias));
    }
  });
  if constexpr (Stride == 1 && given == Channels)
    return y + x;
  else
    return y;
}

/// `Count` blocks, from features.<first> on. Only the first one changes the shape, so that the others are a loop.
template <std::uint32_t Channels, std::uint32_t Stride, std::uint32_t Expansion, std::uint32_t Count>
constexpr auto stage(std::uint32_t first, auto x) {
  auto y =
      scope("features", first, x, [](auto image) { return inverted_residual<Channels, Stride, Expansion>(image); });
  for (std::uint32_t block = first + 1; block < first + Count; ++block)
    y = scope("features", block, y, [](auto image) { return inverted_residual<Channels, 1, Expansion>(image); });
  return y;
}

/// The whole network. Images may have any size of 32 pixels or more.
constexpr auto logits(auto image) {
  auto first = scope("features", image, [](auto pixels) { return conv_norm_relu6<32, 3, 2>("0", pixels); });
  auto to_16 = stage<16, 1, 1, 1>(1, first);
  auto to_24 = stage<24, 2, 6, 2>(2, to_16);
  auto to_32 = stage<32, 2, 6, 3>(4, to_24);
  auto to_64 = stage<64, 2, 6, 4>(7, to_32);
  auto to_96 = stage<96, 1, 6, 3>(11, to_64);
  auto to_160 = stage<160, 2, 6, 3>(14, to_96);
  auto to_320 = stage<320, 1, 6, 1>(17, to_160);
  auto last = scope("features", to_320, [](auto x) { return conv_norm_relu6<1280, 1>("18", x); });
  return scope("classifier", flatten(global_avg_pool(last)), [](auto x) { return dense<1000>("1", x); });
}

inline constexpr auto mobilenet_v2 = network("mobilenet_v2", input<f32, 3, 224, 224>("image"),
                                             [](auto image) { return output("logits", logits(image)); });

}  // namespace mobilenet_v2_example
