// SPDX-License-Identifier: Apache-2.0
// Measures compiled activations: errors over the whole range of floats, and time per element in the first-level cache.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "accuracy.hpp"
#include "certificate.hpp"
#include "contest.hpp"

namespace inlay::activations_page {

/// Neighbouring floats, from `first` to `last` in the order of value (see tools::float_in_order).
struct bucket {
  std::uint32_t first, last;
};

/// The buckets of a sweep, in ascending order: all floats except NaN. Where activations do something, from 2^-20 to
/// 2^10, an octave is `buckets_per_octave` buckets. Beyond, a bucket spans many octaves.
std::vector<bucket> sweep_buckets();
inline constexpr int buckets_per_octave = 3, least_octave = -20, most_octave = 10;

/// The largest error in a bucket, in the unit of form_result::limit. None where there is nothing to compare: exact
/// results are NaN or infinite, or the contract does not cover the arguments.
using bucket_error = std::optional<double>;

/// One tier of one activation.
struct form_result {
  accuracy tier = accuracy::exact;
  bool scaled = false;  ///< errors are |found - exact| / max(1, |exact|), in units of approximate_error; else in ulp
  double limit = 0;     ///< the contract
  tools::accuracy_report total{};
  std::vector<bucket_error> errors{};  ///< for each of sweep_buckets()
  bool kept = false;                   ///< the contract, in all that was tested
  bench::timing time{};                ///< seconds per element
  std::optional<certificate> certified{};

  double worst() const { return scaled ? total.scaled / approximate_error : total.ulp; }
  float worst_at() const { return scaled ? total.scaled_at : total.ulp_at; }
};

struct activation_result {
  const activation_row* row = nullptr;
  std::vector<form_result> forms;  ///< `exact`, then the other tiers that the row has a form for

  const form_result* form(accuracy tier) const;
  bool kept() const;
};

struct measure_options {
  std::string cpu = "native";
  std::uint32_t samples = 4096;  ///< floats per bucket
  int rounds = 21;               ///< interleaved rounds of timing
};

inline constexpr std::uint32_t timed_elements = 4096;  ///< input and output together are 32 KiB

/// Compiles and measures each row at the tiers that it has. `progress` is told what is being done, and the fraction of
/// that which is done. If a row does not compile, returns none, with the reason in `error`.
std::optional<std::vector<activation_result>> measure(
    const std::vector<const activation_row*>& rows, const std::vector<certificate>& certificates,
    const measure_options& options, const std::function<void(const std::string& what, double part)>& progress,
    std::string& error);

}  // namespace inlay::activations_page
