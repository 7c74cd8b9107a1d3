// SPDX-License-Identifier: Apache-2.0
// Times each of many calls on its own.
#include "single_calls.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace inlay::bench {

double seconds_per_tick() {
  using clock = std::chrono::steady_clock;
  constexpr std::chrono::milliseconds long_enough(20);
  const clock::time_point start = clock::now();
  const std::uint64_t first = call_clock::before();
  clock::time_point now;
  while ((now = clock::now()) - start < long_enough) {
  }
  const std::uint64_t last = call_clock::before();
  return std::chrono::duration<double>(now - start).count() / static_cast<double>(last - first);
}

std::vector<single_calls> time_single_calls(std::span<const timed_calls> all, std::size_t calls, double most_seconds) {
  constexpr std::size_t turns = 100;
  // The vectors are filled here, so that no page of theirs is touched for the first time while a call is timed.
  std::vector<std::vector<std::uint32_t>> ticks(all.size(), std::vector<std::uint32_t>(calls, 1));
  std::array<std::uint32_t, 256> unused;
  const std::size_t longest_turn = (calls + turns - 1) / turns;
  const double seconds = seconds_per_tick(), seconds_of_turn = most_seconds / turns;
  std::vector<std::size_t> turn, done(all.size());
  for (const timed_calls& each : all) {
    const std::span few = std::span(unused).first(3);
    each(few);
    std::ranges::sort(few);
    const double fit = seconds_of_turn / std::max(1e-9, seconds * few[1]);
    turn.push_back(fit < static_cast<double>(longest_turn) ? std::max<std::size_t>(1, static_cast<std::size_t>(fit))
                                                           : longest_turn);
  }
  for (std::size_t round = 0; round < turns; ++round)
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (done[i] == calls) continue;
      all[i](std::span(unused).first(std::clamp<std::size_t>(turn[i] / 16, 1, unused.size())));
      const std::span timed = std::span(ticks[i]).subspan(done[i], std::min(turn[i], calls - done[i]));
      all[i](timed);
      done[i] += timed.size();
    }
  std::vector<single_calls> result;
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::vector<std::uint32_t>& each = ticks[i];
    each.resize(done[i]);
    std::ranges::sort(each);
    const auto at = [&](std::size_t place) { return seconds * static_cast<double>(each[place]); };
    const std::size_t timed = each.size();
    result.push_back({at(timed / 2), at(timed - 1 - timed / 10000), at(timed - 1), timed});
  }
  return result;
}

}  // namespace inlay::bench
