// SPDX-License-Identifier: Apache-2.0
// Measures what it saves to skip the zeros that a layer reads.
#include "skipping.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <inlay/compiled.hpp>
#include <stdexcept>

#include "model.hpp"

namespace sparsity_example {
namespace {

constexpr int rounds = 51;
/// Images of a round, of which each is one call. Their features stay in the second-level cache.
constexpr std::size_t most_images = 64;
/// A round of one kernel takes about this long, so that the clock's resolution does not matter.
constexpr double round_seconds = 4e-4;

double seconds_of(const auto& run) {
  const auto start = std::chrono::steady_clock::now();
  run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

/// The layer by its definition, in double.
std::vector<double> define(std::span<const float> features, const inlay::weight_tensor& weight,
                           const inlay::weight_tensor& bias) {
  std::vector<double> sums(bias.values.begin(), bias.values.end());
  const std::size_t inputs = features.size();
  for (std::size_t i = 0; i < sums.size(); ++i)
    for (std::size_t k = 0; k < inputs; ++k)
      sums[i] += static_cast<double>(weight.values[i * inputs + k]) * static_cast<double>(features[k]);
  return sums;
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
  std::vector<float> results(outputs);
  contest found{};
  found.layer = std::to_string(inputs) + " → " + std::to_string(outputs);
  found.kilobytes = static_cast<double>(weight->values.size() * sizeof(float)) / 1024;
  found.zeros = static_cast<double>(std::ranges::count(features, 0.0f)) / static_cast<double>(features.size());

  const auto check = [&](const auto& call, std::size_t sample) {
    if (call(features.subspan(sample * inputs, inputs), std::span<float>(results)) != inlay::status::ok)
      throw std::runtime_error("the compiled layer " + name + " refused to run");
    const std::vector<double> exact = define(features.subspan(sample * inputs, inputs), *weight, *bias);
    for (std::size_t i = 0; i < outputs; ++i) {
      const double difference = std::abs(static_cast<double>(results[i]) - exact[i]);
      if (!(difference <= found.difference)) found.difference = difference;  // true for NaN, too
    }
  };
  for (std::size_t sample = 0; sample < count; ++sample) {
    check([&](auto in, auto out) { return skip(in, out); }, sample);
    check([&](auto in, auto out) { return multiply(in, out); }, sample);
  }

  const auto pass = [&](auto& net, int passes) {
    for (int i = 0; i < passes; ++i)
      for (std::size_t sample = 0; sample < count; ++sample) net.run(&features[sample * inputs], results.data(), 1);
  };
  pass(skip, 1), pass(multiply, 1);  // warm up
  const int passes = std::max(1, static_cast<int>(round_seconds / seconds_of([&] { pass(multiply, 1); })));
  std::vector<double> skip_times, multiply_times, ratios;
  for (int round = 0; round < rounds; ++round) {
    // Each is first in every other round.
    double times[2];
    for (int turn = 0; turn < 2; ++turn) {
      const bool skips = (turn + round) % 2 == 0;
      times[skips] = skips ? seconds_of([&] { pass(skip, passes); }) : seconds_of([&] { pass(multiply, passes); });
    }
    const double calls = static_cast<double>(passes) * static_cast<double>(count);
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
