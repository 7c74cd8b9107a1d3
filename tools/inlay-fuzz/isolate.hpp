// SPDX-License-Identifier: Apache-2.0
// Runs trials in child processes, so that a crash or an endless loop is a finding like any other.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "trial.hpp"

namespace inlay::fuzz {

struct isolation {
  double seconds = 60;                ///< CPU time for one trial
  std::uint64_t memory = 4ull << 30;  ///< bytes of address space in addition to what is already mapped
};

/// run_trial() in a child process.
verdict run_isolated(const trial& t, const trial_settings& settings, const isolation& limits);

/// A range of trials on several processes. This process calls `failed` for each finding and `progress` about once a
/// second. Either may return false to stop.
struct campaign {
  std::uint64_t first = 0, count = 0;
  unsigned jobs = 1;
  std::function<bool(std::uint64_t index, const verdict&)> failed;
  std::function<bool(const statistics&)> progress;
};
statistics run_campaign(const campaign& plan, const trial_settings& settings, const isolation& limits);

}  // namespace inlay::fuzz
