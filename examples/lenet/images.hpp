// SPDX-License-Identifier: Apache-2.0
// The handwritten digits: reads the held-out part, and prints images as text.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace lenet_example {

inline constexpr int image_side = 8;
inline constexpr int image_pixels = image_side * image_side;

/// Images one after the other, with `image_pixels` numbers in [0, 1] each, and the digit that each image shows.
struct image_set {
  std::vector<float> pixels;
  std::vector<int> labels;

  std::size_t size() const { return labels.size(); }
  std::span<const float> image(std::size_t i) const {
    return std::span(pixels).subspan(i * image_pixels, image_pixels);
  }
};

/// Reads the held-out images of data/digits.csv: every fifth image of each digit, in file order. Throws
/// std::runtime_error if the file cannot be read or, with the line's number, if a line is wrong.
image_set read_held_out_images(const std::string& path);
/// The other images.
image_set read_training_images(const std::string& path);

/// The character for a strength from 0 to 1: the stronger, the darker. None of the characters is a sign.
char shade(float strength);

/// The images side by side, with two characters per pixel, darker for more ink.
std::string as_text(const image_set& images, std::span<const std::size_t> chosen);

}  // namespace lenet_example
