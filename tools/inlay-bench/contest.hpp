// SPDX-License-Identifier: Apache-2.0
// Times contestants against each other in one interleaved run, so that a change of the clock or a busy neighbour
// affects all of them.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace inlay::bench {

struct contestant {
  std::string name;
  std::function<void(long)> repeat;  ///< does the work as often as the argument says

  contestant() = default;
  /// `work` does the work once. The loop calls it directly, because a std::function would distort times of some
  /// nanoseconds.
  template <class Work>
  contestant(std::string who, Work work)
      : name(std::move(who)), repeat([work = std::move(work)](long times) {
          for (long i = 0; i < times; ++i) work();
        }) {}
  void run() const { repeat(1); }
};

/// Seconds for doing the work once: median and quartiles over the rounds.
struct timing {
  double median = 0, lower = 0, upper = 0;
};

/// Runs `rounds` rounds. In each round every contestant in turn warms the caches and then repeats its work for about
/// `slice` seconds. Each round starts with another contestant. Returns the timings in the contestants' order.
std::vector<timing> hold(const std::vector<contestant>& contestants, int rounds, double slice);

/// Seconds for doing the work once with cold caches: the median over the rounds. `evict` empties the caches and runs
/// before each piece of work.
std::vector<double> hold_cold(const std::vector<contestant>& contestants, int rounds,
                              const std::function<void()>& evict);

}  // namespace inlay::bench
