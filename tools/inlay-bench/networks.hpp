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
  double cold = 0;       ///< seconds for one call when no cache holds anything of it
  double max_error = 0;  ///< difference to double arithmetic, see relative_error()
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

/// What OpenBLAS says of itself; empty without it.
struct openblas_facts {
  std::string version, core;  ///< `core` is the processor whose kernels it has chosen
  std::string coretype;       ///< OPENBLAS_CORETYPE; empty: not set
  std::string warning;        ///< why its times are not what it can do; empty: none
};

struct networks_report {
  std::string cpu;
  openblas_facts openblas;
  std::array<read_bandwidth, 4> bandwidths;
  std::vector<network_contest> contests;
};

/// The shortest times that the machine allows for a contest's multiply-adds and for reading its weights and values, and
/// the level of memory that its weights fit into.
struct limits {
  double multiply_adds = 0, reading = 0;
  const read_bandwidth* level = nullptr;
};
limits limits_of(const network_contest& contest, const networks_report& report);

/// "12.3 us".
std::string duration(double seconds);
/// Prints what a run was made on and what the columns mean; prints one contest.
void print_head(const networks_report& report, int rounds);
void print(const network_contest& contest, const networks_report& report);
/// The figures as JSON.
std::string json_of(const networks_report& report, int rounds);
/// One self-contained page: the tables and a roofline picture.
std::string html_of(const networks_report& report);

/// Returns the exit code: 0; 1 if a contestant computes something else; 2 for wrong options.
int run_networks(const networks_options& options);

}  // namespace inlay::bench
