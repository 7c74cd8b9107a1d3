// SPDX-License-Identifier: Apache-2.0
// Times contestants against each other in one interleaved run.
#include "contest.hpp"

#include <algorithm>
#include <chrono>

namespace inlay::bench {
namespace {

double seconds_of(const contestant& who, long repetitions) {
  const auto start = std::chrono::steady_clock::now();
  who.repeat(repetitions);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The number of repetitions that take about `slice` seconds.
long calibrate(const contestant& who, double slice) {
  long repetitions = 1;
  for (double time = 0; (time = seconds_of(who, repetitions)) < slice / 2;) repetitions *= 2;
  return repetitions;
}

/// Loads a contestant's data back into the caches after others have displaced it. One pass is not enough: the
/// third-level cache of some processors keeps a line only after several passes. Also, an idle core needs milliseconds
/// to reach its full speed; without this time two threads measured a tenth slower.
void warm_up(const contestant& who) {
  constexpr int passes = 6;
  constexpr double at_speed = 3e-3, long_enough = 60e-3;
  double time = 0;
  for (int i = 0; (i < passes || time < at_speed) && time < long_enough; ++i) time += seconds_of(who, 1);
}

}  // namespace

std::vector<timing> hold(const std::vector<contestant>& contestants, int rounds, double slice) {
  std::vector<long> repetitions;
  for (const contestant& who : contestants) repetitions.push_back(calibrate(who, slice));
  std::vector<std::vector<double>> times(contestants.size());
  for (std::size_t round = 0; round < static_cast<std::size_t>(rounds); ++round)
    for (std::size_t turn = 0; turn < contestants.size(); ++turn) {
      const std::size_t i = (round + turn) % contestants.size();
      warm_up(contestants[i]);
      times[i].push_back(seconds_of(contestants[i], repetitions[i]) / static_cast<double>(repetitions[i]));
    }
  std::vector<timing> result;
  for (std::vector<double>& each : times) {
    std::sort(each.begin(), each.end());
    const std::size_t n = each.size();
    result.push_back({each[n / 2], each[n / 4], each[n - 1 - n / 4]});
  }
  return result;
}

std::vector<double> hold_cold(const std::vector<contestant>& contestants, int rounds,
                              const std::function<void()>& evict) {
  // A single call is short, so subtract the time that reading the clock takes.
  const contestant nothing("", [] {});
  double clock = 1;
  for (int i = 0; i < 100; ++i) clock = std::min(clock, seconds_of(nothing, 1));
  std::vector<std::vector<double>> times(contestants.size());
  for (std::size_t round = 0; round < static_cast<std::size_t>(rounds); ++round)
    for (std::size_t turn = 0; turn < contestants.size(); ++turn) {
      const std::size_t i = (round + turn) % contestants.size();
      evict();
      times[i].push_back(std::max(seconds_of(contestants[i], 1) - clock, 0.0));
    }
  std::vector<double> result;
  for (std::vector<double>& each : times) {
    std::ranges::nth_element(each, each.begin() + static_cast<std::ptrdiff_t>(each.size() / 2));
    result.push_back(each[each.size() / 2]);
  }
  return result;
}

}  // namespace inlay::bench
