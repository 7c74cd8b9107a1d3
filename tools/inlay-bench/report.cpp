// SPDX-License-Identifier: Apache-2.0
// The report of inlay-bench networks on the terminal and as JSON.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "networks.hpp"

namespace inlay::bench {

limits limits_of(const network_contest& contest, const networks_report& report) {
  limits result{.multiply_adds = contest.flops / contest.peak, .level = &report.bandwidths.back()};
  const double bytes = contest.weight_bytes + contest.value_bytes;
  for (std::size_t i = report.bandwidths.size(); i-- > 0;)
    if (bytes <= static_cast<double>(report.bandwidths[i].capacity)) result.level = &report.bandwidths[i];
  result.reading = bytes / (result.level->gb_per_second * 1e9);
  return result;
}

std::string duration(double seconds) {
  char text[32];
  const double ns = seconds * 1e9;
  const double scaled = ns < 1e3 ? ns : ns < 1e6 ? ns / 1e3 : ns / 1e6;
  std::snprintf(text, sizeof text, "%.4g %s", scaled, ns < 1e3 ? "ns" : ns < 1e6 ? "us" : "ms");
  return text;
}

void print_head(const networks_report& report, int rounds) {
  std::printf("%s, one thread, %d interleaved rounds; reading", report.cpu.c_str(), rounds);
  for (const read_bandwidth& level : report.bandwidths) std::printf(" %s %.0f GB/s", level.level, level.gb_per_second);
  std::printf("\n");
  const openblas_facts& blas = report.openblas;
  if (!blas.core.empty())
    std::printf("OpenBLAS %s uses its kernels for %s; OPENBLAS_CORETYPE is %s.\n", blas.version.c_str(),
                blas.core.c_str(), blas.coretype.empty() ? "not set" : blas.coretype.c_str());
  if (!blas.warning.empty()) std::printf("warning: %s\n", blas.warning.c_str());
  std::printf(
      "median: call after call, everything in the caches. cold: one call after the caches were filled with other "
      "data,\n"
      "as a program meets it that calls once in a while. max error: relative to double arithmetic.\n");
}

void print(const network_contest& contest, const networks_report& report) {
  std::printf("\n%s%s%s, batch %d: %.4g MFLOP, %.4g KiB of weights\n", contest.network.c_str(),
              contest.layer.empty() ? "" : ", layer ", contest.layer.c_str(), contest.batch, contest.flops * 1e-6,
              contest.weight_bytes / 1024);
  const limits least = limits_of(contest, report);
  std::printf("  at least %s for the multiply-adds, %s for reading weights and values from %s\n",
              duration(least.multiply_adds).c_str(), duration(least.reading).c_str(), least.level->level);
  std::printf("  %-12s %11s %8s %12s %9s %8s %11s %10s\n", "", "median", "spread", "vs compiled", "GFLOP/s", "of peak",
              "cold", "max error");
  const double ours = contest.results.front().time.median;
  for (const network_result& each : contest.results) {
    const double speed = contest.flops / each.time.median;
    std::printf("  %-12s %11s %7.1f%% %11.2fx", each.contestant.c_str(), duration(each.time.median).c_str(),
                100 * (each.time.upper - each.time.lower) / each.time.median, each.time.median / ours);
    if (contest.flops > 0)
      std::printf(" %9.4g %7.1f%%", speed * 1e-9, 100 * speed / contest.peak);
    else
      std::printf(" %9s %8s", "-", "-");
    std::printf(" %11s %10.1e\n", duration(each.cold).c_str(), each.max_error);
  }
  std::fflush(stdout);
}

std::string json_of(const networks_report& report, int rounds) {
  nlohmann::json json = {{"cpu", report.cpu}, {"rounds", rounds}};
  for (const read_bandwidth& level : report.bandwidths) json["read_gb_per_second"][level.level] = level.gb_per_second;
  if (const openblas_facts& blas = report.openblas; !blas.core.empty())
    json["openblas"] = {{"version", blas.version},
                        {"core", blas.core},
                        {"OPENBLAS_CORETYPE", blas.coretype},
                        {"warning", blas.warning}};
  for (const network_contest& contest : report.contests) {
    const limits least = limits_of(contest, report);
    nlohmann::json each = {{"network", contest.network},
                           {"batch", contest.batch},
                           {"flop", contest.flops},
                           {"weight_bytes", contest.weight_bytes},
                           {"value_bytes", contest.value_bytes},
                           {"peak_gflop_per_second", contest.peak * 1e-9},
                           {"least_seconds", {{"multiply_adds", least.multiply_adds}, {"reading", least.reading}}}};
    if (!contest.layer.empty()) each["layer"] = contest.layer;
    for (const network_result& result : contest.results)
      each["contestants"][result.contestant] = {
          {"seconds", result.time.median},
          {"quartiles", {result.time.lower, result.time.upper}},
          {"cold_seconds", result.cold},
          {"ratio_to_compiled", result.time.median / contest.results.front().time.median},
          {"gflop_per_second", contest.flops / result.time.median * 1e-9},
          {"max_error", result.max_error}};
    json["contests"].push_back(std::move(each));
  }
  return json.dump(2) + "\n";
}

}  // namespace inlay::bench
