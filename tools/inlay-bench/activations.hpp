// SPDX-License-Identifier: Apache-2.0
// inlay-bench activations: compiled activations against libmvec, SLEEF and Eigen, in the first-level cache.
#pragma once

#include <string>
#include <vector>

namespace inlay::bench {

struct activations_options {
  std::vector<std::string> names;  ///< of activations; empty: all that a peer has or that have a `fast` form
  int rounds = 31;
  std::string json;  ///< file for the figures; empty: none
};

/// Returns the exit code: 0; 1 if a contestant computes something else; 2 for wrong options.
int run_activations(const activations_options& options);

}  // namespace inlay::bench
