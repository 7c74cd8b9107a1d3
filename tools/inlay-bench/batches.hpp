// SPDX-License-Identifier: Apache-2.0
// inlay-bench batches: the time of a sample over the number of samples in a call.
#pragma once

#include <string>
#include <vector>

#include "machine.hpp"
#include "model_file.hpp"

namespace inlay::bench {

struct batches_options {
  std::string model, weights_file;  ///< an object file; empty: the built-in networks
  std::vector<std::string> names;   ///< empty: all
  int most = 40;                    ///< batches from 1 to this one
  int rounds = 31;
  std::string svg, json;  ///< files to write; empty: none
};

/// A network over its batches; element i is for i + 1 samples.
struct batches_contest {
  std::string network;
  std::vector<double> seconds;  ///< of a call
  std::vector<double> least;    ///< that the machine needs for the multiply-adds, or for reading the weights once

  double per_sample(std::size_t i) const { return seconds[i] / static_cast<double>(i + 1); }
  /// How many times the least time the call takes.
  double times_least(std::size_t i) const { return seconds[i] / least[i]; }
  /// The same relative to the mean of the neighbours', so that a batch between the kernels' blocks stands out.
  double beyond_neighbours(std::size_t i) const;
};

struct batches_report {
  std::string cpu;
  double peak = 0;  ///< FLOP/s
  std::array<read_bandwidth, 4> bandwidths;
  std::vector<batches_contest> contests;
};

/// square: 1000-1000 relu, whose weights are in a far cache. odd: 129-257-65-7 gelu, whose layers fill no register
/// evenly. mnist: 784-512-256-10.
std::vector<bench_network> batches_suite();

/// One panel for each network: the time of a sample over the batch, and the least time.
std::string picture_of(const batches_report& report);

/// Returns the exit code: 2 for wrong options, else 0.
int run_batches(const batches_options& options);

}  // namespace inlay::bench
