// SPDX-License-Identifier: Apache-2.0
// The handwritten digits: reading them, the held-out part, and printing them as text.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace digits_example {

inline constexpr int image_side = 8;
inline constexpr int image_pixels = image_side * image_side;

/// Images one after the other, `image_pixels` numbers in [0, 1] each, and the digit that each one shows.
struct image_set {
  std::vector<float> pixels;
  std::vector<int> labels;

  std::size_t size() const { return labels.size(); }
  std::span<const float> image(std::size_t i) const {
    return std::span(pixels).subspan(i * image_pixels, image_pixels);
  }
};

/// Reads the held-out images of data/digits.csv: of each digit's images, in file order, every fifth. Throws
/// std::runtime_error, with the line, if the file is missing or is not what it should be.
image_set read_held_out_images(const std::string& path);

/// The images side by side, two characters a pixel, darker for more ink.
std::string as_text(const image_set& images, std::span<const std::size_t> chosen);

}  // namespace digits_example
