// SPDX-License-Identifier: Apache-2.0
// inlay-bench networks: compiled networks against interpreted ones and against other libraries.
#pragma once

#include <string>
#include <vector>

#include "machine.hpp"

namespace inlay::bench {

struct networks_options {
  std::string model, weights_file;  ///< an object file; empty: the built-in suite
  std::vector<std::string> names;   ///< empty: all
  std::vector<int> batches;         ///< empty: the suite's own, or 1 and 64
  int rounds = 31;
  int threads = 1;  ///< more: also on so many threads
  bool layers = false, bf16 = false;
  std::string json, html;  ///< files to write; empty: none
};

/// One contestant on one network and batch.
struct network_result {
  std::string contestant;
  timing time;
  double max_error = 0;  ///< |difference to double arithmetic| / max(1, |exact|)
};

/// One contest, or one layer of one.
struct network_contest {
  std::string network;
  std::string layer;  ///< empty for the whole network
  int batch = 0;
  double flops = 0, weight_bytes = 0, value_bytes = 0;  ///< of the whole batch; values are inputs and outputs
  double peak = 0;                                      ///< FLOP/s, met in the same run
  std::vector<network_result> results;                  ///< `compiled` first
};

struct networks_report {
  std::string cpu;
  std::array<read_bandwidth, 4> bandwidths;
  std::vector<network_contest> contests;
};

/// One self-contained page: the tables and a roofline picture.
std::string html_of(const networks_report& report);

/// Returns the exit code: 0; 1 if a contestant computes something else; 2 for wrong options.
int run_networks(const networks_options& options);

}  // namespace inlay::bench
