// SPDX-License-Identifier: Apache-2.0
// Times contestants against each other in one interleaved run, so that a change of the clock or a busy neighbour meets
// all of them alike.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace inlay::bench {

struct contestant {
  std::string name;
  std::function<void(long)> repeat;  ///< does the work that many times

  contestant() = default;
  /// `work` does it once. The loop around it knows what it calls: work of some nanoseconds is not measured through a
  /// std::function.
  template <class Work>
  contestant(std::string who, Work work)
      : name(std::move(who)), repeat([work = std::move(work)](long times) {
          for (long i = 0; i < times; ++i) work();
        }) {}
  void run() const { repeat(1); }
};

/// Seconds for doing the work once: the median over the rounds and the quartiles.
struct timing {
  double median = 0, lower = 0, upper = 0;
};

/// Runs `rounds` rounds; in each, every contestant in turn warms the caches and then repeats its work for about `slice`
/// seconds, starting with another one each time. Returns their timings in the order given.
std::vector<timing> hold(const std::vector<contestant>& contestants, int rounds, double slice);

/// Seconds for doing the work once when the caches hold nothing of it: the median over the rounds. `evict` displaces
/// what they hold; it runs before each piece of work.
std::vector<double> hold_cold(const std::vector<contestant>& contestants, int rounds,
                              const std::function<void()>& evict);

}  // namespace inlay::bench
