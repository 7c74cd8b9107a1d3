// SPDX-License-Identifier: Apache-2.0
// Trains the digit classifier from random weights, in compiled code, and writes its weights.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <inlay/trainer.hpp>
#include <numbers>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "images.hpp"
#include "model.hpp"

namespace {

using namespace digits_example;

constexpr std::size_t batch = 32;
constexpr int epochs = 240;
constexpr double first_rate = 2e-3;
constexpr double least_accuracy = 0.975;
constexpr std::size_t digit_count = 10;

/// Writes an image moved by at most one pixel, with a little more or less ink, so that the network cannot memorise
/// pixels.
void augment(std::span<const float> image, std::span<float> moved, inlay::random_numbers& random) {
  // Staying in place is twice as likely as each single step.
  constexpr int steps[] = {-1, 0, 0, 1};
  const int down = steps[random.below(4)], right = steps[random.below(4)];
  for (int y = 0; y < image_side; ++y)
    for (int x = 0; x < image_side; ++x) {
      const int from_y = y - down, from_x = x - right;
      const bool inside = from_y >= 0 && from_y < image_side && from_x >= 0 && from_x < image_side;
      const float ink = inside ? image[static_cast<std::size_t>(from_y * image_side + from_x)] : 0;
      const float noise = 0.1f * (random.uniform() + random.uniform() - 1);
      moved[static_cast<std::size_t>(y * image_side + x)] = std::clamp(ink + noise, 0.0f, 1.0f);
    }
}

template <class Trainer>
double accuracy(Trainer& training, const image_set& images) {
  std::vector<float> said(images.size() * digit_count);
  if (training.predict(images.pixels, said) != inlay::status::ok)
    throw std::runtime_error("the network refused to run");
  std::size_t right = 0;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const auto at = said.begin() + static_cast<std::ptrdiff_t>(i * digit_count);
    right += std::max_element(at, at + digit_count) - at == images.labels[i] ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(images.size());
}

int run(const std::string& output) {
  const std::string data = std::string(DIGITS_FOLDER) + "/data/digits.csv";
  const image_set images = read_training_images(data), held_out = read_held_out_images(data);
  std::printf("%zu images to train on, %zu held out\n", images.size(), held_out.size());

  inlay::trainer<digits, inlay::loss::cross_entropy> training({.how = inlay::method::adamw, .weight_decay = 0.1},
                                                              /*seed=*/7, inlay::initial::kaiming_uniform);
  inlay::random_numbers random(7);
  std::vector<std::size_t> order(images.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::vector<float> pixels(batch * image_pixels);
  std::vector<std::int32_t> labels(batch);
  const auto start = std::chrono::steady_clock::now();
  for (int epoch = 0; epoch < epochs; ++epoch) {
    training.options().rate = first_rate * 0.5 * (1 + std::cos(std::numbers::pi * epoch / epochs));
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
    double total = 0;
    for (std::size_t first = 0; first < order.size(); first += batch) {
      const std::size_t count = std::min(batch, order.size() - first);
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t chosen = order[first + i];
        augment(images.image(chosen), std::span(pixels).subspan(i * image_pixels, image_pixels), random);
        labels[i] = images.labels[chosen];
      }
      const float loss = training.step(std::span(pixels).first(count * image_pixels), std::span(labels).first(count));
      total += static_cast<double>(loss) * static_cast<double>(count);
    }
    if ((epoch + 1) % 40 == 0)
      std::printf("epoch %3d  loss %.4f  held out %.2f %%\n", epoch + 1, total / static_cast<double>(images.size()),
                  100 * accuracy(training, held_out));
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const double score = accuracy(training, held_out);
  std::printf("held-out accuracy %.2f %%, trained in %.2f s\n", 100 * score, took.count());
  if (score < least_accuracy) throw std::runtime_error("held-out accuracy is below 97.5 %, nothing written");
  if (output.empty()) return 0;
  if (const std::string error = training.save(output); !error.empty()) throw std::runtime_error(error);
  std::printf("wrote %s\n", output.c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc > 2) throw std::runtime_error("usage: digits_train [digits.safetensors to write]");
  return run(argc == 2 ? argv[1] : "");
} catch (const std::exception& e) {
  std::fprintf(stderr, "digits_train: %s\n", e.what());
  return 1;
}
