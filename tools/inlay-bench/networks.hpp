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
  std::vector<int> batches;         ///< empty: the suite's own batches, or 1 and 64
  int rounds = 31;
  int threads = 1;  ///< above 1: kernels also run on so many threads
  bool layers = false, bf16 = false;
  bool weights_argument = false;  ///< kernels that take their weights as an argument also run
  std::string json, html;         ///< files to write; empty: none
};

/// One contestant on one network and batch.
struct network_result {
  std::string contestant;
  timing time;
  double cold = 0;       ///< seconds for one call with cold caches
  double max_error = 0;  ///< against double arithmetic, see relative_error()
};

/// One contest, on a whole network or on one of its layers.
struct network_contest {
  std::string network;
  std::string layer;  ///< empty for the whole network
  int batch = 0;
  double flops = 0, weight_bytes = 0, value_bytes = 0;  ///< for the whole batch; values are inputs and outputs
  double peak = 0;                                      ///< FLOP/s, measured in the same run
  std::vector<network_result> results;                  ///< `compiled` first
};

/// What OpenBLAS reports about itself; empty without OpenBLAS.
struct openblas_facts {
  std::string version, core;  ///< `core` is the processor whose kernels it uses
  std::string coretype;       ///< OPENBLAS_CORETYPE; empty: not set
  std::string warning;        ///< why it runs slower than it could; empty: no reason
};

struct networks_report {
  std::string cpu;
  openblas_facts openblas;
  std::array<read_bandwidth, 4> bandwidths;
  std::vector<network_contest> contests;
};

/// The least time that the machine needs for a contest's multiply-adds and for reading its weights and values, and the
/// level of memory that its weights fit into.
struct limits {
  double multiply_adds = 0, reading = 0;
  const read_bandwidth* level = nullptr;
};
limits limits_of(const network_contest& contest, const networks_report& report);

/// The layers of the network that `whole` is about, and what they take together.
struct layer_times {
  std::vector<const network_contest*> layers;
  double seconds = 0;

  double share(const network_contest& layer) const { return layer.results.front().time.median / seconds; }
  double largest_share() const;
};
layer_times layers_in(const networks_report& report, const network_contest& whole);
/// The fastest contestant that is neither compiled nor the interpreter; null if there is none.
const network_result* best_peer(const network_contest& contest);

/// "3.63 GFLOP".
std::string flop_count(double flops);
/// "44.6 MiB".
std::string byte_count(double bytes);
/// "12.3 us".
std::string duration(double seconds);
/// Prints the machine and the meaning of the columns.
void print_head(const networks_report& report, int rounds);
/// Prints one contest.
void print(const network_contest& contest, const networks_report& report);
/// Prints where the time goes: the layers of `whole` in a table.
void print_layers(const network_contest& whole, const networks_report& report);
/// The figures as JSON.
std::string json_of(const networks_report& report, int rounds);
/// One self-contained page: the tables and a roofline picture.
std::string html_of(const networks_report& report);

/// Returns the exit code: 1 if a contestant's results are wrong, 2 for wrong options, else 0.
int run_networks(const networks_options& options);

}  // namespace inlay::bench
