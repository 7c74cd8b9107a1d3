// SPDX-License-Identifier: Apache-2.0
// inlay-bench compare: compares two builds of inlay-bench, before and after a change.
#pragma once

#include <string>
#include <vector>

namespace inlay::bench {

struct compare_options {
  std::string other;                ///< the inlay-bench from before the change
  int pairs = 11;                   ///< runs of each program
  int tolerance = 2;                ///< per cent that a row may be slower
  std::vector<std::string> passed;  ///< for both: `networks` (may be left out) or `stream`, and its arguments
};

/// Runs `inlay-bench networks` or `stream` of this build and of the other in turn. For each network, batch or steps in
/// a call, and kind of kernel it prints the median over the pairs of the ratio of new to old time. Returns the exit
/// code: 1 if a row is slower by more than the tolerance, 2 if a program does not run, else 0.
int run_compare(const compare_options& options);

}  // namespace inlay::bench
