// SPDX-License-Identifier: Apache-2.0
// The report of inlay-bench networks on the terminal and as JSON.
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "networks.hpp"

namespace inlay::bench {

limits limits_of(const network_contest& contest, const networks_report& report) {
  const double bytes = contest.weight_bytes + contest.value_bytes;
  limits result{.multiply_adds = contest.flops / contest.peak, .level = &level_that_holds(bytes, report.bandwidths)};
  result.reading = bytes / (result.level->gb_per_second * 1e9);
  return result;
}

layer_times layers_in(const networks_report& report, const network_contest& whole) {
  layer_times result;
  for (const network_contest& each : report.contests)
    if (!each.layer.empty() && each.network == whole.network && each.batch == whole.batch) {
      result.layers.push_back(&each);
      result.seconds += each.results.front().time.median;
    }
  return result;
}

double layer_times::largest_share() const {
  double largest = 0;
  for (const network_contest* each : layers) largest = std::max(largest, share(*each));
  return largest;
}

const network_result* best_peer(const network_contest& contest) {
  const network_result* best = nullptr;
  for (const network_result& each : contest.results) {
    const bool ours = each.contestant == "compiled" || each.contestant == "interpreted" ||
                      each.contestant == "bf16 weights" || each.contestant.ends_with(" threads");
    if (!ours && (best == nullptr || each.time.median < best->time.median)) best = &each;
  }
  return best;
}

std::string flop_count(double flops) {
  char text[32];
  const double scaled = flops < 1e3 ? flops : flops < 1e6 ? flops / 1e3 : flops < 1e9 ? flops / 1e6 : flops / 1e9;
  std::snprintf(text, sizeof text, "%.4g %sFLOP", scaled,
                flops < 1e3   ? ""
                : flops < 1e6 ? "k"
                : flops < 1e9 ? "M"
                              : "G");
  return text;
}

std::string byte_count(double bytes) {
  char text[32];
  const double scaled = bytes < 1024 ? bytes : bytes < 1024 * 1024 ? bytes / 1024 : bytes / (1024 * 1024);
  std::snprintf(text, sizeof text, "%.4g %s", scaled, bytes < 1024 ? "B" : bytes < 1024 * 1024 ? "KiB" : "MiB");
  return text;
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
  std::printf("\n%s%s%s, batch %d: %s, %s of weights\n", contest.network.c_str(),
              contest.layer.empty() ? "" : ", layer ", contest.layer.c_str(), contest.batch,
              flop_count(contest.flops).c_str(), byte_count(contest.weight_bytes).c_str());
  const limits least = limits_of(contest, report);
  std::printf("  at least ");
  if (contest.flops > 0) std::printf("%s for the multiply-adds, ", duration(least.multiply_adds).c_str());
  std::printf("%s for reading weights and values from %s\n", duration(least.reading).c_str(), least.level->level);
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

void print_layers(const network_contest& whole, const networks_report& report) {
  const layer_times times = layers_in(report, whole);
  if (times.layers.empty()) return;
  std::size_t width = sizeof "sum of the layers" - 1;
  for (const network_contest* each : times.layers) width = std::max(width, each->layer.size());
  const int column = static_cast<int>(width);
  std::printf("\n%s, batch %d: where the time goes, layer by layer, compiled (best peer: its time as a multiple)\n",
              whole.network.c_str(), whole.batch);
  std::printf("  %-*s %10s %7s  %-20s %9s %9s %8s  %s\n", column, "", "median", "share", "", "MFLOP", "GFLOP/s",
              "of peak", "best peer");
  for (const network_contest* each : times.layers) {
    const double seconds = each->results.front().time.median, share = times.share(*each);
    const std::string bar(static_cast<std::size_t>(20 * share / times.largest_share() + 0.5), '#');
    std::printf("  %-*s %10s %6.1f%%  %-20s", column, each->layer.c_str(), duration(seconds).c_str(), 100 * share,
                bar.c_str());
    if (each->flops > 0)
      std::printf(" %9.4g %9.4g %7.1f%%", each->flops * 1e-6, each->flops / seconds * 1e-9,
                  100 * each->flops / seconds / each->peak);
    else
      std::printf(" %9s %9s %8s", "-", "-", "-");
    if (const network_result* peer = best_peer(*each))
      std::printf("  %.2fx %s", peer->time.median / seconds, peer->contestant.c_str());
    std::printf("\n");
  }
  std::printf("  %-*s %10s          the network as a whole: %s\n", column, "sum of the layers",
              duration(times.seconds).c_str(), duration(whole.results.front().time.median).c_str());
  std::printf(
      "  They differ, because a layer on its own reads and writes the caller's memory: images with channels first.\n");
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
