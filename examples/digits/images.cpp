// SPDX-License-Identifier: Apache-2.0
// Reads and prints the handwritten digits.
#include "images.hpp"

#include <array>
#include <charconv>
#include <fstream>
#include <stdexcept>
#include <string_view>

namespace digits_example {

namespace {

/// The most ink in one pixel, and the number of digits.
constexpr int most_ink = 16;
constexpr int digit_count = 10;

/// Splits one line into its 65 numbers.
std::array<int, image_pixels + 1> parse(const std::string& line, const std::string& place) {
  std::array<int, image_pixels + 1> numbers{};
  const char* at = line.data();
  const char* const end = at + line.size();
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto [next, error] = std::from_chars(at, end, numbers[i]);
    const bool last = i + 1 == numbers.size();
    const int largest = last ? digit_count - 1 : most_ink;
    if (error != std::errc{} || numbers[i] < 0 || numbers[i] > largest ||
        (last ? next != end : next == end || *next != ','))
      throw std::runtime_error(place + ": expected 64 pixels from 0 to 16 and a digit, found '" + line + "'");
    at = next + 1;
  }
  return numbers;
}

/// Every fifth image of each digit, or the others.
image_set read_images(const std::string& path, bool held_out) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + ": cannot be read");
  image_set images;
  std::array<int, digit_count> seen{};
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    const auto numbers = parse(line, path + ":" + std::to_string(number));
    const int label = numbers.back();
    if ((seen[static_cast<std::size_t>(label)]++ % 5 == 4) != held_out) continue;
    for (int i = 0; i < image_pixels; ++i)
      images.pixels.push_back(static_cast<float>(numbers[static_cast<std::size_t>(i)]) / most_ink);
    images.labels.push_back(label);
  }
  if (images.size() == 0) throw std::runtime_error(path + ": has no images");
  return images;
}

}  // namespace

image_set read_held_out_images(const std::string& path) { return read_images(path, true); }
image_set read_training_images(const std::string& path) { return read_images(path, false); }

std::string as_text(const image_set& images, std::span<const std::size_t> chosen) {
  static constexpr std::string_view shades = " .:-=+*#%@";
  std::string text;
  for (std::size_t y = 0; y < image_side; ++y) {
    for (std::size_t i : chosen) {
      text += "    ";
      for (float ink : images.image(i).subspan(y * image_side, image_side))
        text.append(2, shades[static_cast<std::size_t>(ink * static_cast<float>(shades.size() - 1))]);
    }
    text += '\n';
  }
  return text;
}

}  // namespace digits_example
