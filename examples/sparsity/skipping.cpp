// SPDX-License-Identifier: Apache-2.0
// Measures what it saves to skip the zeros that a layer reads.
#include "skipping.hpp"

#include <algorithm>
#include <cmath>
#include <inlay/compiled.hpp>
#include <stdexcept>

#include "model.hpp"
#include "timing.hpp"

namespace sparsity_example {
namespace {

using picture::median;
using picture::seconds_of;

constexpr int rounds = 301;
/// Images of a round, of which each is one call. Their features stay in the second-level cache.
constexpr std::size_t most_images = 64;
/// A round of one kernel takes about this long: much longer than the clock's resolution, and shorter than what the
/// system gives other programs, so that most rounds are undisturbed.
constexpr double round_seconds = 4e-4;

/// One result of the layer by its definition, in double, and the sum of its terms' sizes.
struct exact {
  double value, size;
};
exact define(std::span<const float> features, std::span<const float> weight, float bias) {
  exact sum{static_cast<double>(bias), std::abs(static_cast<double>(bias))};
  for (std::size_t k = 0; k < features.size(); ++k) {
    const double term = static_cast<double>(weight[k]) * static_cast<double>(features[k]);
    sum.value += term, sum.size += std::abs(term);
  }
  return sum;
}

/// The layer `name` on `count` samples.
template <const auto& Skip, const auto& Multiply>
contest measure(const inlay::weights& weights, const std::string& name, std::span<const float> features,
                std::size_t count) {
  const inlay::weight_tensor *weight = weights.find(name + ".weight"), *bias = weights.find(name + ".bias");
  if (!weight || !bias) throw std::runtime_error("there are no weights of " + name);
  const std::size_t outputs = bias->values.size(), inputs = features.size() / count;
  inlay::compiled<Skip> skip;
  inlay::compiled<Multiply> multiply;
  contest found{};
  found.layer = std::to_string(inputs) + " → " + std::to_string(outputs);
  found.kilobytes = static_cast<double>(weight->values.size() * sizeof(float)) / 1024;
  found.zeros = static_cast<double>(std::ranges::count(features, 0.0f)) / static_cast<double>(features.size());

  std::vector<float> skipped(outputs), multiplied(outputs);
  for (std::size_t sample = 0; sample < count; ++sample) {
    const std::span<const float> of_sample = features.subspan(sample * inputs, inputs);
    if (skip(of_sample, skipped) != inlay::status::ok || multiply(of_sample, multiplied) != inlay::status::ok)
      throw std::runtime_error("the compiled layer " + name + " refused to run");
    for (std::size_t i = 0; i < outputs; ++i) {
      const exact sum = define(of_sample, std::span(weight->values).subspan(i * inputs, inputs), bias->values[i]);
      for (const float result : {skipped[i], multiplied[i]}) {
        const double difference = std::abs(static_cast<double>(result) - sum.value) / sum.size;
        if (!(difference <= found.difference)) found.difference = difference;  // true for NaN, too
      }
    }
  }

  std::vector<float> results(outputs);
  // Both kernels of a round get the same images, and the next round goes on with the next ones.
  const auto run = [&](auto& net, std::size_t sample, int calls) {
    for (int i = 0; i < calls; ++i) {
      net.run(&features[sample * inputs], results.data(), 1);
      if (++sample == count) sample = 0;
    }
    return sample;
  };
  const int all = static_cast<int>(count);
  run(skip, 0, all), run(multiply, 0, all);  // warm up
  const double seconds_per_call = seconds_of([&] { run(multiply, 0, all); }) / all;
  const int calls = std::max(1, static_cast<int>(round_seconds / seconds_per_call));
  std::vector<double> skip_times, multiply_times, ratios;
  std::size_t first = 0, next = 0;
  for (int round = 0; round < rounds; ++round) {
    // Each is first in every other round.
    double times[2];
    for (int turn = 0; turn < 2; ++turn) {
      const bool skips = (turn + round) % 2 == 0;
      times[skips] = seconds_of([&] { next = skips ? run(skip, first, calls) : run(multiply, first, calls); });
    }
    first = next;
    multiply_times.push_back(times[0] / calls * 1e9);
    skip_times.push_back(times[1] / calls * 1e9);
    ratios.push_back(times[0] / times[1]);
  }
  found.skip_ns = median(skip_times), found.multiply_ns = median(multiply_times), found.ratio = median(ratios);
  return found;
}

const sparse_value& value_named(std::span<const sparse_value> values, const std::string& name) {
  const auto at = std::ranges::find(values, name, &sparse_value::name);
  if (at == values.end()) throw std::runtime_error("LeNet has no value " + name);
  return *at;
}

}  // namespace

std::vector<contest> measure_skipping(std::span<const sparse_value> lenet, const inlay::weights& weights) {
  const auto images = [](const sparse_value& value) { return std::min(most_images, value.samples()); };
  const auto features = [&](const sparse_value& value) {
    return std::span(value.elements).first(images(value) * value.size());
  };
  std::vector<contest> found;
  const auto add = [&](contest measured, const std::string& reads, bool drawn) {
    measured.reads = reads, measured.drawn = drawn;
    found.push_back(std::move(measured));
  };
  const sparse_value& hidden = value_named(lenet, "relu(fc1)");
  const sparse_value& pooled = value_named(lenet, "max_pool(relu(conv2))");
  const sparse_value& conv1 = value_named(lenet, "relu(conv1)");
  add(measure<skip_fc2, multiply_fc2>(weights, "fc2", features(hidden), images(hidden)), hidden.name, false);
  add(measure<skip_fc1, multiply_fc1>(weights, "fc1", features(pooled), images(pooled)), pooled.name, false);
  const std::size_t count = images(conv1);
  add(measure<skip_64, multiply_64>(weights, "wide64", features(conv1), count), conv1.name, true);
  add(measure<skip_256, multiply_256>(weights, "wide256", features(conv1), count), conv1.name, true);
  add(measure<skip_1024, multiply_1024>(weights, "wide1024", features(conv1), count), conv1.name, true);
  std::vector<float> full(features(conv1).begin(), features(conv1).end());
  for (float& each : full) each += 1;  // a relu is not negative, so that no zero remains
  add(measure<skip_1024, multiply_1024>(weights, "wide1024", full, count), conv1.name + " + 1", true);
  return found;
}

}  // namespace sparsity_example
