// SPDX-License-Identifier: Apache-2.0
// Classifies the held-out digits with the compiled and the interpreted network, and compares answers and times.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <exception>
#include <inlay/compiled.hpp>
#include <inlay/interpreter.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "../handwriting/compare_times.hpp"
#include "images.hpp"
#include "model.hpp"

namespace {

using namespace digits_example;
using handwriting::compare_times;

constexpr std::size_t digit_count = 10;
/// The largest difference allowed between compiled and interpreted results, and the least share of right answers.
constexpr float tolerance = 1e-5f;
constexpr double least_accuracy = 0.96;

std::unique_ptr<inlay::interpreter> load_interpreter(const std::string& weights_path) {
  const inlay::weights_result weights = inlay::load_safetensors(weights_path);
  if (!weights) throw std::runtime_error(weights.error);
  inlay::interpreter_result result = inlay::interpreter::create(inlay::graph_of<digits>, weights.value);
  if (!result) throw std::runtime_error(weights_path + ": " + result.errors.front());
  return std::move(result.value);
}

/// The most probable digit of each image.
std::vector<int> answers(const std::vector<float>& probabilities) {
  std::vector<int> digits;
  for (auto at = probabilities.begin(); at != probabilities.end(); at += digit_count)
    digits.push_back(static_cast<int>(std::max_element(at, at + digit_count) - at));
  return digits;
}

std::size_t count_equal(const std::vector<int>& a, const std::vector<int>& b) {
  std::size_t n = 0;
  for (std::size_t i = 0; i < a.size(); ++i) n += a[i] == b[i];
  return n;
}

float largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  float largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const float difference = std::abs(a[i] - b[i]);
    if (!(difference <= largest)) largest = difference;  // true for NaN, too
  }
  return largest;
}

/// Prints four images that the network recognises and, if there is one, the first image that it does not.
void show(const image_set& images, const std::vector<float>& probabilities, const std::vector<int>& said) {
  std::vector<std::size_t> right, wrong;
  for (std::size_t i = 0; i < images.size(); ++i) (said[i] == images.labels[i] ? right : wrong).push_back(i);
  std::vector<std::size_t> chosen(right.begin(), right.begin() + std::min<std::ptrdiff_t>(4, std::ssize(right)));
  if (!wrong.empty()) chosen.push_back(wrong.front());
  std::printf("%s", as_text(images, chosen).c_str());
  for (std::size_t i : chosen) {
    const float certainty = probabilities[i * digit_count + static_cast<std::size_t>(said[i])];
    std::printf("  is %d, says %d %3.0f %%", images.labels[i], said[i], static_cast<double>(100 * certainty));
  }
  std::puts("\n");
}

int run(const std::string& folder) {
  const image_set images = read_held_out_images(folder + "/data/digits.csv");
  const std::unique_ptr<inlay::interpreter> oracle = load_interpreter(folder + "/digits.safetensors");
  inlay::compiled<digits> net;

  std::vector<float> compiled(images.size() * digit_count), interpreted(compiled.size());
  if (net(images.pixels, compiled) != inlay::status::ok)
    throw std::runtime_error("the compiled network refused to run");
  oracle->run(images.pixels.data(), interpreted.data(), images.size(), inlay::engine::reference);

  const std::vector<int> compiled_says = answers(compiled), interpreted_says = answers(interpreted);
  show(images, compiled, compiled_says);

  const auto all = images.size();
  const auto accuracy = [&](const std::vector<int>& said) {
    return static_cast<double>(count_equal(said, images.labels)) / static_cast<double>(all);
  };
  const std::size_t same = count_equal(compiled_says, interpreted_says);
  const float difference = largest_difference(compiled, interpreted);
  std::printf("held-out images          %zu\n", all);
  std::printf("accuracy, compiled       %.2f %%\n", 100 * accuracy(compiled_says));
  std::printf("accuracy, interpreted    %.2f %%\n", 100 * accuracy(interpreted_says));
  std::printf("labels that agree        %zu of %zu\n", same, all);
  std::printf("largest difference       %.2g\n\n", static_cast<double>(difference));

  std::printf("time per image           %11s %15s\n", "compiled", "interpreted");
  std::vector<float> scores(compiled.size());
  compare_times(
      "one image at a time", all,
      [&] {
        for (std::size_t i = 0; i < all; ++i) net.run(&images.pixels[i * image_pixels], &scores[i * digit_count], 1);
      },
      [&] {
        for (std::size_t i = 0; i < all; ++i)
          oracle->run(&images.pixels[i * image_pixels], &scores[i * digit_count], 1, inlay::engine::baseline);
      });
  compare_times(
      "all images in one call", all, [&] { net.run(images.pixels.data(), scores.data(), all); },
      [&] { oracle->run(images.pixels.data(), scores.data(), all, inlay::engine::baseline); });

  const bool good = accuracy(compiled_says) >= least_accuracy && accuracy(interpreted_says) >= least_accuracy &&
                    same == all && difference <= tolerance;
  if (!good) std::puts("\ncompiled and interpreted must agree on every label and within 1e-5, and be right for 96 %");
  return good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc > 2) throw std::runtime_error("usage: digits [FOLDER with data/digits.csv and digits.safetensors]");
  return run(argc == 2 ? argv[1] : DIGITS_FOLDER);
} catch (const std::exception& e) {
  std::fprintf(stderr, "digits: %s\n", e.what());
  return 1;
}
