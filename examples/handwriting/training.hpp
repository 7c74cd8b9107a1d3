// SPDX-License-Identifier: Apache-2.0
// Trains a classifier of the 8 x 8 digits from random weights, in compiled code.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <inlay/trainer.hpp>
#include <numbers>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "curve.hpp"
#include "progress.hpp"

namespace handwriting {

inline constexpr std::size_t digit_count = 10;
inline constexpr int side = 8;
inline constexpr std::size_t pixel_count = side * side;

/// How long to train. The rate falls along half a cosine.
struct schedule {
  int epochs;
  int reported;  ///< epochs between two lines of output
  double first_rate = 2e-3;
  std::size_t batch = 32;
  std::uint64_t seed = 7;
};

/// Writes an image moved by at most one pixel, with a little more or less ink, so that the network cannot memorise
/// pixels.
inline void augment(std::span<const float> image, std::span<float> moved, inlay::random_numbers& random) {
  // Staying in place is twice as likely as each single step.
  constexpr int steps[] = {-1, 0, 0, 1};
  const int down = steps[random.below(4)], right = steps[random.below(4)];
  for (int y = 0; y < side; ++y)
    for (int x = 0; x < side; ++x) {
      const int from_y = y - down, from_x = x - right;
      const bool inside = from_y >= 0 && from_y < side && from_x >= 0 && from_x < side;
      const float ink = inside ? image[static_cast<std::size_t>(from_y * side + from_x)] : 0;
      const float noise = 0.1f * (random.uniform() + random.uniform() - 1);
      moved[static_cast<std::size_t>(y * side + x)] = std::clamp(ink + noise, 0.0f, 1.0f);
    }
}

/// The share of images whose most probable digit is the right one.
template <class Trainer, class Images>
double accuracy(Trainer& training, const Images& images) {
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

/// Trains the network `Net` and writes its weights to `output`, unless that is empty. Returns how it learned. Throws if
/// it gets fewer than `least` of the held-out images right.
template <const auto& Net, class Images>
curve train(const Images& images, const Images& held_out, const schedule& how, double least,
            const std::string& output) {
  std::printf("%zu images to train on, %zu held out\n", images.size(), held_out.size());
  inlay::trainer<Net, inlay::loss::cross_entropy> training({.how = inlay::method::adamw, .weight_decay = 0.1}, how.seed,
                                                           inlay::initial::kaiming_uniform);
  inlay::random_numbers random(how.seed);
  std::vector<std::size_t> order(images.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::vector<float> pixels(how.batch * pixel_count);
  std::vector<std::int32_t> labels(how.batch);
  curve learned{.least = least, .epochs = {}};
  progress_bar bar(how.epochs);
  const auto start = std::chrono::steady_clock::now();
  for (int epoch = 0; epoch < how.epochs; ++epoch) {
    training.options().rate = how.first_rate * 0.5 * (1 + std::cos(std::numbers::pi * epoch / how.epochs));
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
    double total = 0;
    for (std::size_t first = 0; first < order.size(); first += how.batch) {
      const std::size_t count = std::min(how.batch, order.size() - first);
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t chosen = order[first + i];
        augment(images.image(chosen), std::span(pixels).subspan(i * pixel_count, pixel_count), random);
        labels[i] = images.labels[chosen];
      }
      const float loss = training.step(std::span(pixels).first(count * pixel_count), std::span(labels).first(count));
      total += static_cast<double>(loss) * static_cast<double>(count);
    }
    learned.epochs.push_back({total / static_cast<double>(images.size()), accuracy(training, held_out)});
    bar.show(epoch + 1, learned.epochs.back());
    if ((epoch + 1) % how.reported == 0) bar.keep();
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const double score = learned.epochs.back().right;
  std::printf("held-out accuracy %.2f %%, trained in %.2f s\n", 100 * score, took.count());
  if (score < least)
    throw std::runtime_error("the held-out accuracy is below " + std::to_string(100 * least) + " %, nothing written");
  if (output.empty()) return learned;
  if (const std::string error = training.save(output); !error.empty()) throw std::runtime_error(error);
  std::printf("wrote %s\n", output.c_str());
  return learned;
}

}  // namespace handwriting
