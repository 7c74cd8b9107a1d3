// SPDX-License-Identifier: Apache-2.0
// Times training steps of several participants in turn, and compares their losses and gradients.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "training_peer.hpp"

namespace inlay::bench {

inline constexpr double learning_rate = 1e-3;

struct participant {
  std::string name;
  std::function<float()> step;                ///< returns the mean loss before it
  std::function<parameter_list()> gradients;  ///< of the mean loss, from the last step
  std::vector<double> times{};                ///< in seconds
};

/// Runs so many rounds and prints a table. All begin with the same parameters. Returns whether they agree.
bool run_in_turn(std::vector<participant>& all, int rounds, const std::string& title, double flops);

/// The same for sequences: a recurrent network, compiled and by its peers.
bool run_sequences(int rounds);

}  // namespace inlay::bench
