// SPDX-License-Identifier: Apache-2.0
// Times a training step of 784-512-256-10, batch 128, Adam: compiled, and written by hand with Eigen. Both begin with
// the same parameters and must keep the same loss.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <inlay/trainer.hpp>
#include <vector>

#include "eigen_training.hpp"
#include "model.hpp"

namespace {

using namespace inlay::bench;

constexpr std::size_t batch = 128;
constexpr int sizes[] = {784, 512, 256, 10};
constexpr const char* names[] = {"first.weight", "first.bias", "second.weight",
                                 "second.bias",  "out.weight", "out.bias"};
constexpr double rate = 1e-3;

double milliseconds(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - since).count();
}

/// Multiply-adds count two. The gradient of the input is not needed.
double flops_of_step() {
  double all = 0;
  for (std::size_t i = 0; i + 1 < std::size(sizes); ++i) all += (i == 0 ? 4.0 : 6.0) * batch * sizes[i] * sizes[i + 1];
  return all;
}

void report(const char* what, std::vector<double> times) {
  std::sort(times.begin(), times.end());
  const double median = times[times.size() / 2];
  std::printf("  %-10s median %7.3f ms  least %7.3f ms  %6.1f GFLOP/s at least time\n", what, median, times.front(),
              flops_of_step() / times.front() * 1e-6);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2 || (argc == 2 && std::atoi(argv[1]) < 1)) {
    std::fprintf(stderr, "usage: inlay-bench-training [ROUNDS]\n");
    return 2;
  }
  const int rounds = argc == 2 ? std::atoi(argv[1]) : 101;
  inlay::trainer<perceptron, inlay::loss::cross_entropy> compiled({.how = inlay::method::adam, .rate = rate}, 1,
                                                                  inlay::initial::kaiming_uniform);
  std::vector<std::vector<float>> parameters;
  for (const char* name : names) {
    const std::span<const float> values = compiled.parameter(name);
    parameters.emplace_back(values.begin(), values.end());
  }
  eigen_training by_hand(sizes, parameters, rate);

  inlay::random_numbers random(1);
  std::vector<float> x(batch * 784);
  std::vector<std::int32_t> labels(batch);
  for (float& each : x) each = random.uniform();
  for (std::int32_t& each : labels) each = static_cast<std::int32_t>(random.below(10));

  std::vector<double> compiled_times, eigen_times;
  float difference = 0;
  for (int i = 0; i < rounds; ++i) {  // in turn, so that disturbances affect both
    auto start = std::chrono::steady_clock::now();
    const float a = compiled.step(x, labels);
    compiled_times.push_back(milliseconds(start));
    start = std::chrono::steady_clock::now();
    const float b = by_hand.step(x, labels);
    eigen_times.push_back(milliseconds(start));
    // Adam's steps do not depend on a gradient's size: where it is nearly 0, its rounding decides on a whole step. So
    // compare the first losses only.
    if (i < 3) difference = std::max(difference, std::abs(a - b) / std::max(1.0f, b));
  }
  std::printf("training step of 784-512-256-10, batch 128, Adam, one thread, %d rounds in turn\n", rounds);
  report("compiled", compiled_times);
  report("Eigen", eigen_times);
  std::printf("largest difference of the first losses: %.2g\n", static_cast<double>(difference));
  if (difference < 5e-4f) return 0;
  std::puts("the losses differ");
  return 1;
}
