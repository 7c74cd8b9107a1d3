// SPDX-License-Identifier: Apache-2.0
// inlay-bench stream: networks that get one sample after the other, step by step and in blocks of steps.
#pragma once

#include <string>
#include <vector>

#include "contest.hpp"
#include "model_file.hpp"
#include "single_calls.hpp"

namespace inlay::bench {

struct stream_options {
  std::vector<std::string> names;  ///< empty: all
  int rounds = 31;
  int calls = 1000000;  ///< calls of each contestant that are timed on their own
  /// The signal is normal noise with a root mean square of so many hundredths. Libraries whose functions branch on
  /// their arguments are slower with a loud signal, because they take several branches and predict them wrongly.
  int level = 20;
  std::string json;  ///< file to write; empty: none
};

/// One contestant on one network and number of steps.
struct stream_result {
  std::string contestant;
  timing step;              ///< of one step, call after call
  bool on_its_own = false;  ///< whether its calls were also timed on their own
  single_calls call;        ///< of one call
  double max_error = 0;     ///< against double arithmetic, see relative_error()
};

struct stream_contest {
  std::string network;
  int steps = 0;                       ///< of a call
  std::vector<stream_result> results;  ///< `compiled` first
  single_calls clock;                  ///< calls of nothing, timed in turn with the others
};

struct stream_report {
  std::string cpu;
  std::vector<std::string> peers;  ///< how each peer was compiled
  std::vector<stream_contest> contests;
};

/// gru8: GRU of 8 and a dense layer of 1. lstm16: LSTM of 16 and a dense layer of 1. dense: 1-8-8-8-1 tanh, without
/// state. tcn: five causal convolutions of 8 channels with dilations 1 to 16, tanh. wavenet: that of examples/amp. vad:
/// that of examples/vad, which takes 512 samples a step; the others take one number. Each gives one. The batches are
/// numbers of steps.
std::vector<bench_network> stream_suite();

/// Prints the machine, how the peers were compiled and the meaning of the columns.
void print_head(const stream_report& report, const stream_options& options);
/// Prints one contest.
void print(const stream_contest& contest);
/// The figures as JSON.
std::string json_of(const stream_report& report, const stream_options& options);

/// Returns the exit code: 1 if a contestant's results are wrong, 2 for wrong options, else 0.
int run_stream(const stream_options& options);

}  // namespace inlay::bench
