// SPDX-License-Identifier: Apache-2.0
// Runs compiled networks with and without a normalisation in turn.
#include "folding.hpp"

#include <algorithm>
#include <cmath>
#include <inlay/compiled.hpp>
#include <inlay/interpreter.hpp>
#include <stdexcept>

#include "model.hpp"
#include "timing.hpp"

namespace saturation_example {
namespace {

using picture::median;
using picture::seconds_of;

constexpr int rounds = 301;
constexpr std::size_t image_pixels = 64, digit_count = 10;

/// The largest difference between the compiled network and the interpreter in double.
template <const auto& Net>
double difference_of(inlay::compiled<Net>& net, const inlay::weights& weights, std::span<const float> pixels) {
  const inlay::interpreter_result definition = inlay::interpreter::create(inlay::graph_of<Net>, weights);
  if (!definition) throw std::runtime_error(definition.errors.front());
  const std::size_t count = pixels.size() / image_pixels;
  std::vector<float> says(count * digit_count), should(says.size());
  if (net(pixels, says) != inlay::status::ok) throw std::runtime_error("a compiled network refused to run");
  definition.value->run(pixels.data(), should.data(), count, inlay::engine::reference);
  double largest = 0;
  for (std::size_t i = 0; i < says.size(); ++i) {
    const double difference = std::abs(static_cast<double>(says[i]) - static_cast<double>(should[i]));
    if (!(difference <= largest)) largest = difference;  // true for NaN, too
  }
  return largest;
}

template <const auto& Raw, const auto& Normalised>
twins compare(const char* function, const inlay::weights& weights, std::span<const float> pixels) {
  inlay::compiled<Raw> raw;
  inlay::compiled<Normalised> normalised;
  twins found{};
  found.function = function;
  const double of_raw = difference_of<Raw>(raw, weights, pixels);
  const double of_normalised = difference_of<Normalised>(normalised, weights, pixels);
  found.difference = of_raw <= of_normalised ? of_normalised : of_raw;  // a NaN stays
  if (std::isnan(of_normalised)) found.difference = of_normalised;

  const std::size_t count = pixels.size() / image_pixels;
  std::vector<float> says(digit_count);
  const auto all_images = [&](auto& net) {
    for (std::size_t i = 0; i < count; ++i) net.run(&pixels[i * image_pixels], says.data(), 1);
  };
  all_images(raw), all_images(normalised);  // warm up
  std::vector<double> times[2], ratios;
  for (int round = 0; round < rounds; ++round) {
    // Each is first in every other round.
    double seconds[2];
    for (int turn = 0; turn < 2; ++turn) {
      const bool normalises = (turn + round) % 2 == 0;
      seconds[normalises] = seconds_of([&] { normalises ? all_images(normalised) : all_images(raw); });
    }
    for (int i = 0; i < 2; ++i) times[i].push_back(seconds[i] / static_cast<double>(count) * 1e9);
    ratios.push_back(seconds[1] / seconds[0]);
  }
  found.raw_ns = median(times[0]), found.normalised_ns = median(times[1]), found.ratio = median(ratios);
  return found;
}

}  // namespace

std::vector<twins> compare_twins(const inlay::weights& weights, std::span<const float> pixels) {
  return {compare<sigmoid_raw, sigmoid_normalised>("sigmoid", weights, pixels),
          compare<tanh_raw, tanh_normalised>("tanh", weights, pixels),
          compare<relu_raw, relu_normalised>("relu", weights, pixels)};
}

}  // namespace saturation_example
