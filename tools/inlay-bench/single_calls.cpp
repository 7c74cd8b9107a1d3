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

std::vector<single_calls> time_single_calls(std::span<const timed_calls> all, std::size_t calls) {
  constexpr std::size_t turns = 100;
  // The vectors are filled here, so that no page of theirs is touched for the first time while a call is timed.
  std::vector<std::vector<std::uint32_t>> ticks(all.size(), std::vector<std::uint32_t>(calls, 1));
  std::array<std::uint32_t, 256> unused;
  const std::size_t turn = (calls + turns - 1) / turns;
  for (std::size_t done = 0; done < calls; done += turn)
    for (std::size_t i = 0; i < all.size(); ++i) {
      all[i](unused);
      all[i](std::span(ticks[i]).subspan(done, std::min(turn, calls - done)));
    }
  const double seconds = seconds_per_tick();
  std::vector<single_calls> result;
  for (std::vector<std::uint32_t>& each : ticks) {
    std::ranges::sort(each);
    const auto at = [&](std::size_t i) { return seconds * static_cast<double>(each[i]); };
    result.push_back({at(calls / 2), at(calls - 1 - calls / 10000), at(calls - 1)});
  }
  return result;
}

}  // namespace inlay::bench
