// SPDX-License-Identifier: Apache-2.0
// What the filters of the first convolution respond to: finds the patches that excite them most, and shows both.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "images.hpp"

namespace lenet_example {

inline constexpr int filter_side = 3;
inline constexpr int filter_size = filter_side * filter_side;

/// A place in an image, and how strongly a filter responds to it.
struct patch {
  std::size_t image;
  int y, x;  ///< the centre
  float response;
  std::array<float, filter_size> pixels;  ///< row by row; 0 outside of the image
};

/// A filter's weights, row by row, and the patches that excite it most, the strongest first.
struct filter {
  std::array<float, filter_size> weights;
  std::vector<patch> strongest;
};

/// One filter for each element of `bias`. `weights` holds `filter_size` numbers for each. A filter's response to a
/// patch is the sum of weight times pixel, plus the bias. Each of its `count` patches comes from another image; if two
/// excite it equally, the earlier one is first.
std::vector<filter> find_strongest(std::span<const float> weights, std::span<const float> bias, const image_set& images,
                                   std::size_t count);

/// Each filter's weights and strongest patch. A weight is a sign and a shade, a pixel is two characters.
std::string filters_as_text(std::span<const filter> filters, const image_set& images);

/// A drawing of each filter's weights, its strongest patch inside its image, and all its patches.
std::string filters_as_svg(std::span<const filter> filters, const image_set& images);

}  // namespace lenet_example
