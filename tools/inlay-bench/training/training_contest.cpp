// SPDX-License-Identifier: Apache-2.0
// Training steps in turn.
#include "training_contest.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "machine.hpp"

namespace inlay::bench {
namespace {

constexpr int checked_steps = 3;
constexpr float most_difference = 5e-4f;

/// The largest difference, as a part of the parameter's largest element.
float difference_of(const parameter_list& a, const parameter_list& b) {
  float all = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    float size = 0, difference = 0;
    for (std::size_t k = 0; k < a[i].size(); ++k) {
      size = std::max(size, std::abs(b[i][k]));
      difference = std::max(difference, std::abs(a[i][k] - b[i][k]));
    }
    all = std::max(all, difference / size);
  }
  return all;
}

}  // namespace

bool run_in_turn(std::vector<participant>& all, int rounds, const std::string& title, double flops) {
  float losses = 0, gradients = 0;
  for (int i = 0; i < rounds; ++i) {  // in turn, so that disturbances affect all
    std::vector<float> found(all.size());
    for (std::size_t k = 0; k < all.size(); ++k) {
      const std::size_t each = (k + static_cast<std::size_t>(i)) % all.size();
      const auto begin = std::chrono::steady_clock::now();
      found[each] = all[each].step();
      all[each].times.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }
    // Adam's steps do not depend on a gradient's size: where it is nearly 0, its rounding decides on a whole step. So
    // compare the first gradients and the first losses only.
    for (std::size_t k = 1; k < all.size() && i < checked_steps; ++k) {
      losses = std::max(losses, std::abs(found[k] - found[0]) / std::max(1.0f, found[0]));
      if (i == 0) gradients = std::max(gradients, difference_of(all[k].gradients(), all[0].gradients()));
    }
  }

  const double peak_rate = peak_flops / hold({peak()}, 11, 2e-3).front().median;
  std::printf("training step of %s, Adam: %.1f MFLOP, %d rounds in turn\n", title.c_str(), flops * 1e-6, rounds);
  double first = 0;
  for (participant& each : all) {
    std::ranges::sort(each.times);
    const double median = each.times[each.times.size() / 2];
    if (first == 0) first = median;
    std::printf("  %-12s median %7.3f ms (%.2f)  least %7.3f ms, %5.1f GFLOP/s, %3.0f %% of one core's peak\n",
                each.name.c_str(), median * 1e3, median / first, each.times.front() * 1e3,
                flops / each.times.front() * 1e-9, 100 * flops / each.times.front() / peak_rate);
  }
  std::printf("  largest difference of the first losses: %.2g, of the first gradients: %.2g\n",
              static_cast<double>(losses), static_cast<double>(gradients));
  if (losses < most_difference && gradients < most_difference) return true;
  std::puts("  these differ");
  return false;
}

}  // namespace inlay::bench
