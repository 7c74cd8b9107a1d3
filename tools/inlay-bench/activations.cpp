// SPDX-License-Identifier: Apache-2.0
// inlay-bench activations: compiled activations against libmvec, SLEEF and Eigen, in the first-level cache.
#include "activations.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>

#include "accuracy.hpp"
#include "contest.hpp"
#include "peers/peers.hpp"

namespace inlay::bench {
namespace {

constexpr std::uint32_t count = 4096;  // input and output together are 32 KiB

/// One implementation of one activation, with its largest errors and its time.
struct entrant {
  contestant who;
  std::unique_ptr<tools::jit_kernel> kernel;  // null for peers
  double ulp = 0, relative = 0;               // largest errors; `relative` is relative to max(1, |exact|)
  timing time;
};

struct workload {
  alignas(64) float x[count];
  alignas(64) float y[count];
};

std::unique_ptr<tools::jit_kernel> compile(const activation_row& row, accuracy tier) {
  std::string error;
  auto kernel = tools::jit_kernel::compile(tools::activation_network(row, tier, count).view(), {},
                                           {.cpu = INLAY_BENCH_CPU}, error);
  if (!kernel) std::fprintf(stderr, "inlay-bench: error: %s: %s\n", std::string(row.name).c_str(), error.c_str());
  return kernel;
}

std::vector<peer_library> installed_peers() {
  return {libmvec_peer(),
#ifdef INLAY_BENCH_SLEEF
          sleef_peer(), sleef35_peer(),
#endif
          eigen_peer()};
}

/// Runs the contestant once and compares its results with the formula in double.
void check(const activation_row& row, entrant& each, workload& work) {
  std::fill_n(work.y, count, std::nanf(""));
  each.who.run();
  for (std::uint32_t i = 0; i < count; ++i) {
    const double exact = row.formula(static_cast<double>(work.x[i]), static_cast<double>(row.defaults[0]),
                                     static_cast<double>(row.defaults[1]));
    const double error = std::abs(static_cast<double>(work.y[i]) - exact);
    if (!(error / tools::ulp_at(exact) <= each.ulp)) each.ulp = error / tools::ulp_at(exact);
    if (!(error / std::max(1.0, std::abs(exact)) <= each.relative))
      each.relative = error / std::max(1.0, std::abs(exact));
  }
}

/// Holds one contest and prints its line. False if a contestant is wrong.
bool contest(const activation_row& row, const activations_options& options, nlohmann::json& report) {
  static workload work;
  const bool positive = row.id == activation::log || row.id == activation::sqrt || row.id == activation::rsqrt;
  std::mt19937 random(1);
  for (float& f : work.x) f = std::uniform_real_distribution<float>(positive ? 1e-3f : -6.0f, 6.0f)(random);

  std::vector<entrant> entrants;
  for (const accuracy tier : accuracy_tiers) {
    if (!row.has(tier)) continue;
    entrant each;
    each.kernel = compile(row, tier);
    if (!each.kernel) return false;
    const auto run = reinterpret_cast<int (*)(const float*, float*, std::size_t, void*)>(each.kernel->entry());
    each.who = {std::string(name_of(tier)), [run] { run(work.x, work.y, 1, nullptr); }};
    entrants.push_back(std::move(each));
  }
  for (const peer_library& library : installed_peers())
    for (const peer_function& peer : library.functions)
      if (peer.function == row.id) {
        entrant each;
        each.who = {std::string(library.name), [run = peer.run] { run(work.x, work.y, count); }};
        entrants.push_back(std::move(each));
      }
  for (entrant& each : entrants) {
    check(row, each, work);
    if (each.relative <= (each.who.name == "approximate" ? approximate_error : 1e-4)) continue;
    std::fprintf(stderr, "inlay-bench: error: %s of %s is wrong by %g\n", std::string(row.name).c_str(),
                 each.who.name.c_str(), each.relative);
    return false;
  }
  std::vector<contestant> contestants;
  for (const entrant& each : entrants) contestants.push_back(each.who);
  const std::vector<timing> times = hold(contestants, options.rounds, 300e-6);

  const double ours = times[0].median;
  nlohmann::json& results = report["activations"][std::string(row.name)];
  std::printf("%-12s", std::string(row.name).c_str());
  for (std::size_t i = 0; i < entrants.size(); ++i) {
    const double nanoseconds = times[i].median / count * 1e9;
    results[entrants[i].who.name] = {{"ns_per_element", nanoseconds},
                                     {"quartiles", {times[i].lower / count * 1e9, times[i].upper / count * 1e9}},
                                     {"ratio_to_exact", times[i].median / ours},
                                     {"max_ulp", entrants[i].ulp}};
    if (i == 0)
      std::printf("  exact %.3f ns (%.1f ulp)", nanoseconds, entrants[i].ulp);
    else
      std::printf(" | %s %.2fx (%.3g ulp)", entrants[i].who.name.c_str(), times[i].median / ours, entrants[i].ulp);
  }
  std::printf("\n");
  std::fflush(stdout);
  return true;
}

}  // namespace

int run_activations(const activations_options& options) {
  std::vector<const activation_row*> rows;
  for (const activation_row& row : activation_table) {
    bool contested = row.fast_ulp > 0 || row.has_approximate;
    for (const peer_library& library : installed_peers())
      for (const peer_function& peer : library.functions) contested = contested || peer.function == row.id;
    const bool named = std::find(options.names.begin(), options.names.end(), row.name) != options.names.end();
    if (options.names.empty() ? contested : named) rows.push_back(&row);
  }
  if (rows.size() < options.names.size()) {
    std::fprintf(stderr, "inlay-bench: error: --function: unknown, or named twice; there are");
    for (const activation_row& row : activation_table) std::fprintf(stderr, " %s", std::string(row.name).c_str());
    std::fprintf(stderr, "\n");
    return 2;
  }
  nlohmann::json report;
  report["elements"] = count;
  report["rounds"] = options.rounds;
  std::printf(
      "%u floats in the first-level cache, one thread, %d interleaved rounds. Inlay's exact form: ns per element;"
      "\nothers: their time as a multiple of it, above 1 is slower. In brackets the largest error met.\n\n",
      count, options.rounds);
  bool right = true;
  for (const activation_row* row : rows) right = contest(*row, options, report) && right;
  if (!options.json.empty()) {
    std::ofstream file(options.json);
    file << report.dump(2) << "\n";
    if (!file) {
      std::fprintf(stderr, "inlay-bench: error: cannot write '%s'\n", options.json.c_str());
      return 2;
    }
  }
  return right ? 0 : 1;
}

}  // namespace inlay::bench
