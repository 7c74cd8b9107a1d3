// SPDX-License-Identifier: Apache-2.0
// The report of inlay-bench stream on the terminal and as JSON.
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "networks.hpp"
#include "stream.hpp"

namespace inlay::bench {

void print_head(const stream_report& report, const stream_options& options) {
  std::printf("%s, one thread, %d interleaved rounds, %d single calls, noise at level %d\n", report.cpu.c_str(),
              options.rounds, options.calls, options.level);
  for (const std::string& peer : report.peers) std::printf("%s.\n", peer.c_str());
  std::printf(
      "step: median time of a step, call after call. A call on its own: each call is timed with the clock\n"
      "(%s), whose own time is in the figures. Its last line is the clock alone: what interrupts\n"
      "and other programs add to any call is in it, too. max error: relative to double arithmetic.\n",
      call_clock::name);
}

void print(const stream_contest& contest) {
  const std::string title =
      contest.network + ", calls of " + std::to_string(contest.steps) + (contest.steps == 1 ? " step" : " steps");
  std::printf("\n%-62s %s\n", title.c_str(), "a call on its own");
  std::printf("  %-16s %10s %8s %12s %8s %11s %10s %10s %11s\n", "", "step", "spread", "vs compiled", "calls", "median",
              "99.99 %", "largest", "max error");
  const double ours = contest.results.front().step.median;
  for (const stream_result& each : contest.results) {
    const auto single = [&](double seconds) { return each.on_its_own ? duration(seconds) : std::string("-"); };
    std::printf("  %-16s %10s %7.1f%% %11.2fx %8s %11s %10s %10s %11.1e\n", each.contestant.c_str(),
                duration(each.step.median).c_str(), 100 * (each.step.upper - each.step.lower) / each.step.median,
                each.step.median / ours, each.on_its_own ? std::to_string(each.call.calls).c_str() : "-",
                single(each.call.median).c_str(), single(each.call.slow).c_str(), single(each.call.largest).c_str(),
                each.max_error);
  }
  std::printf("  %-16s %10s %8s %12s %8zu %11s %10s %10s\n", "the clock alone", "", "", "", contest.clock.calls,
              duration(contest.clock.median).c_str(), duration(contest.clock.slow).c_str(),
              duration(contest.clock.largest).c_str());
  std::fflush(stdout);
}

namespace {

nlohmann::json json_of(const single_calls& calls) {
  return {{"median", calls.median}, {"percentile_99_99", calls.slow}, {"largest", calls.largest}};
}

}  // namespace

std::string json_of(const stream_report& report, const stream_options& options) {
  nlohmann::json json = {{"cpu", report.cpu},      {"rounds", options.rounds},  {"single_calls", options.calls},
                         {"level", options.level}, {"clock", call_clock::name}, {"peers", report.peers}};
  for (const stream_contest& contest : report.contests) {
    nlohmann::json each = {{"network", contest.network},
                           {"steps_per_call", contest.steps},
                           {"clock_alone_seconds", json_of(contest.clock)}};
    for (const stream_result& result : contest.results) {
      nlohmann::json& figures = each["contestants"][result.contestant];
      figures = {{"seconds_per_step", result.step.median},
                 {"quartiles", {result.step.lower, result.step.upper}},
                 {"ratio_to_compiled", result.step.median / contest.results.front().step.median},
                 {"max_error", result.max_error}};
      if (!result.on_its_own) continue;
      figures["single_calls"] = result.call.calls;
      figures["single_call_seconds"] = json_of(result.call);
    }
    json["contests"].push_back(std::move(each));
  }
  return json.dump(2) + "\n";
}

}  // namespace inlay::bench
