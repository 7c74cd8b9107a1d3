// SPDX-License-Identifier: Apache-2.0
// inlay-bench compare: two builds of inlay-bench against each other, before and after a change.
#pragma once

#include <string>
#include <vector>

namespace inlay::bench {

struct compare_options {
  std::string other;                ///< the inlay-bench of before
  int pairs = 11;                   ///< runs of each
  int tolerance = 2;                ///< per cent that a row may be slower
  std::vector<std::string> passed;  ///< arguments of `networks`, for both
};

/// Runs `inlay-bench networks` of this build and of the other in turn. Prints, for each network, batch and kind of
/// kernel, the median over the pairs of how many times as long the kernel takes now. Returns the exit code: 0; 1 if a
/// row is slower by more than the tolerance; 2 if a program does not run.
int run_compare(const compare_options& options);

}  // namespace inlay::bench
