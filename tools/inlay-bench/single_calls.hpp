// SPDX-License-Identifier: Apache-2.0
// Times each of many calls on its own, so that the slowest ones are seen.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#if defined(__x86_64__)
#include <x86intrin.h>
#else
#include <chrono>
#endif

namespace inlay::bench {

/// A clock that costs some nanoseconds. On x86-64 it is the time stamp counter between fences: the work begins after
/// the first reading and has ended before the second one. Elsewhere it is the system's steady clock.
struct call_clock {
#if defined(__x86_64__)
  static constexpr const char* name = "time stamp counter between fences";
  static std::uint64_t before() {
    _mm_lfence();
    const std::uint64_t ticks = __rdtsc();
    _mm_lfence();
    return ticks;
  }
  static std::uint64_t after() {
    unsigned processor;
    const std::uint64_t ticks = __rdtscp(&processor);
    _mm_lfence();
    return ticks;
  }
#else
  static constexpr const char* name = "steady clock";
  static std::uint64_t before() {
    return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  }
  static std::uint64_t after() { return before(); }
#endif
};

/// Seconds for one tick of call_clock, measured against the steady clock.
double seconds_per_tick();

/// Times as many calls as the span has elements, each on its own, in ticks.
using timed_calls = std::function<void(std::span<std::uint32_t>)>;

template <class Work>
timed_calls each_on_its_own(Work work) {
  return [work = std::move(work)](std::span<std::uint32_t> ticks) mutable {
    for (std::uint32_t& each : ticks) {
      const std::uint64_t start = call_clock::before();
      work();
      const std::uint64_t time = call_clock::after() - start;
      each = time < 0xffffffffu ? static_cast<std::uint32_t>(time) : 0xffffffffu;
    }
  };
}

/// What single calls took, in seconds. The clock's own time is in it.
struct single_calls {
  double median = 0;
  double slow = 0;  ///< the 99.99th percentile: one call in 10000 takes longer; of fewer calls, the largest
  double largest = 0;
  std::size_t calls = 0;  ///< that were timed
};

/// Times so many calls of each, or about as many as fit into `most_seconds`, but at least a hundred if there are so
/// many. They take turns of a hundredth of the calls. Each turn begins with calls that are not timed, because the one
/// before has left other data in the caches.
std::vector<single_calls> time_single_calls(std::span<const timed_calls> all, std::size_t calls,
                                            double most_seconds = 30);

}  // namespace inlay::bench
