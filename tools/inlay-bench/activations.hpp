// SPDX-License-Identifier: Apache-2.0
// inlay-bench activations: compiled activations against libmvec, SLEEF and Eigen, in the first-level cache.
#pragma once

#include <string>
#include <vector>

namespace inlay::bench {

struct activations_options {
  std::vector<std::string> names;  ///< activations; empty: those that a peer has and those with a `fast` form
  int rounds = 31;
  std::string json;  ///< file for the figures; empty: none
};

/// Returns the exit code: 1 if a contestant's results are wrong, 2 for wrong options, else 0.
int run_activations(const activations_options& options);

}  // namespace inlay::bench
