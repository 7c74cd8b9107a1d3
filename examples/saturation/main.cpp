// SPDX-License-Identifier: Apache-2.0
// Trains one network on raw and on normalised images, with sigmoid, tanh and relu, and shows what saturation does to
// it.
#include <algorithm>
#include <cstdio>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "folding.hpp"
#include "picture.hpp"
#include "program.hpp"
#include "svg.hpp"
#include "sweep.hpp"

namespace {

using namespace saturation_example;
using picture::format;

/// The largest difference of a probability between compiled code and the definition.
constexpr double tolerance = 1e-4;

bool claim(const std::string& what, bool holds) {
  std::printf("  %-92s %s\n", what.c_str(), holds ? "yes" : "NO");
  return holds;
}

void print_beginnings(std::span<const experiment> all) {
  std::puts("before training");
  std::printf("  %-20s %13s %13s %16s %16s\n", "network", "flat, hidden1", "flat, hidden2", "gradient of",
              "of hidden1's");
  std::printf("  %-20s %13s %13s %16s %16s\n", "", "", "", "hidden1's biases", "weights");
  for (const experiment& each : all)
    std::printf("  %-20s %11.1f %% %11.1f %% %16.2g %16.2g\n", each.name.c_str(), 100 * each.first.flat[0],
                100 * each.first.flat[1], each.first.neurons, each.first.weights);
}

void print_endings(std::span<const experiment> all) {
  std::printf("\nafter %d epochs: held-out accuracy by rate, mean of %d beginnings\n  %-20s", epochs,
              static_cast<int>(seeds), "network");
  for (const double rate : rates) std::printf(" %8g", rate);
  std::puts("");
  for (const experiment& each : all) {
    std::printf("  %-20s", each.name.c_str());
    for (const ending& end : each.by_rate) std::printf(" %6.1f %%", 100 * end.mean_right());
    std::puts("");
  }
  std::puts("\nwith the rate that has the lowest loss");
  std::printf("  %-20s %5s %9s %13s %13s\n", "network", "rate", "accuracy", "flat, hidden1", "flat, hidden2");
  for (const experiment& each : all)
    std::printf("  %-20s %5g %7.1f %% %11.1f %% %11.1f %%\n", each.name.c_str(), rates[each.best],
                100 * each.best_ending().mean_right(), 100 * each.best_ending().flat[0],
                100 * each.best_ending().flat[1]);
  std::puts("\nthe networks in trained.safetensors: this rate, the first beginning");
  std::printf("  %-20s %13s %13s\n", "network", "flat, hidden1", "flat, hidden2");
  for (const experiment& each : all)
    std::printf("  %-20s %11.3f %% %11.3f %%\n", each.name.c_str(), 100 * each.trained_flat[0],
                100 * each.trained_flat[1]);
}

/// The page's claims about a bounded activation, which is flat on both sides.
bool check_bounded(const experiment& raw, const experiment& normalised) {
  const char* name = raw.name.starts_with("tanh") ? "tanh" : "sigmoid";
  const ending &raw_end = raw.best_ending(), &normalised_end = normalised.best_ending();
  bool good = claim(format("%s: raw, more than 80 %% of hidden1 are flat before training, and 90 %% after", name),
                    raw.first.flat[0] > 0.8 && raw_end.flat[0] > 0.9);
  good &= claim(format("%s: normalised, fewer than 1 %% before and fewer than 30 %% after", name),
                normalised.first.flat[0] < 0.01 && normalised_end.flat[0] < 0.3);
  good &= claim(format("%s: the gradient at these neurons is less than a fifth of the normalised network's", name),
                raw.first.neurons < normalised.first.neurons / 5);
  good &= claim(format("%s: no rate gets within 3 points of the normalised network", name),
                std::ranges::all_of(raw.by_rate, [&](const ending& end) {
                  return end.mean_right() < normalised_end.mean_right() - 0.03;
                }));
  return good;
}

bool check_relu(const experiment& raw, const experiment& normalised) {
  const auto both_between = [&](double low, double high) {
    return std::ranges::all_of(std::array{&raw, &normalised}, [&](const experiment* each) {
      return each->first.flat[0] > low && each->first.flat[0] < high;
    });
  };
  bool good =
      claim("relu: about half of hidden1 is flat before training, raw and normalised", both_between(0.35, 0.65));
  good &= claim("relu: raw, the gradient at these neurons is not smaller but more than twice as large",
                raw.first.neurons > 2 * normalised.first.neurons);
  const ending& same_rate = raw.by_rate[normalised.best];
  good &= claim(format("relu: raw, the normalised network's best rate (%g) leaves more than 95 %% of hidden1 dead",
                       rates[normalised.best]),
                same_rate.flat[0] > 0.95);
  good &= claim("relu: the normalised network is better at its best rate",
                raw.best_ending().mean_right() < normalised.best_ending().mean_right());
  return good;
}

bool check_folding(std::span<const twins> all) {
  std::puts("\nthe trained networks as machine code, one image in a call");
  std::printf("  %-10s %10s %14s %7s %22s\n", "", "raw", "normalised", "ratio", "largest difference");
  double difference = 0;
  for (const twins& each : all) {
    std::printf("  %-10s %7.1f ns %11.1f ns %7.2f %22.1e\n", each.function.c_str(), each.raw_ns, each.normalised_ns,
                each.ratio, each.difference);
    if (!(each.difference <= difference)) difference = each.difference;  // true for NaN, too
  }
  std::puts("");
  return claim(format("folded: no probability differs from the definition by more than %g", tolerance),
               difference <= tolerance);
}

picture::outcome run() {
  const images bytes = read_bytes(SATURATION_DATA);
  const inlay::weights_result weights = inlay::load_safetensors(SATURATION_WEIGHTS);
  if (!weights) throw std::runtime_error(weights.error);
  std::printf("%zu images to train on, %zu held out; a slope below %g of the steepest is flat\n\n",
              bytes.training.size(), bytes.held_out.size(), flat_slope);
  const std::vector<experiment> all = run_sweep(bytes);
  print_beginnings(all);
  print_endings(all);
  std::puts("");
  bool good = check_bounded(all[0], all[1]);
  good &= check_bounded(all[2], all[3]);
  good &= check_relu(all[4], all[5]);
  good &= check_folding(compare_twins(weights.value, bytes.held_out.pixels));
  return {good, draw(all)};
}

}  // namespace

int main(int argc, char** argv) {
  return picture::run_example(argc, argv, "saturation",
                              "Trains one network on raw and on normalised images, with sigmoid, tanh and relu. Shows "
                              "how\nmany neurons are flat, and what that does to the gradient and to the accuracy.",
                              run);
}
