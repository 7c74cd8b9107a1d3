// SPDX-License-Identifier: Apache-2.0
// Times contestants against each other in one interleaved run, so that a change of the clock or a busy neighbour meets
// all of them alike.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace inlay::bench {

struct contestant {
  std::string name;
  std::function<void()> run;  ///< does the work once
};

/// Seconds for one call of `run`: the median over the rounds and the quartiles.
struct timing {
  double median = 0, lower = 0, upper = 0;
};

/// Runs `rounds` rounds; in each, every contestant in turn warms the caches and then repeats its work for about `slice`
/// seconds, starting with another one each time. Returns their timings in the order given.
std::vector<timing> hold(const std::vector<contestant>& contestants, int rounds, double slice);

}  // namespace inlay::bench
