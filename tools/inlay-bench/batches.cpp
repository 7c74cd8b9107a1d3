// SPDX-License-Identifier: Apache-2.0
// Times every batch of a network in one interleaved run.
#include "batches.hpp"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <random>

#include "aligned_memory.hpp"
#include "choose_networks.hpp"
#include "contest.hpp"
#include "graph_work.hpp"
#include "inlay/graph_memory.hpp"
#include "jit_kernel.hpp"
#include "networks.hpp"
#include "write_file.hpp"

namespace inlay::bench {

double batches_contest::beyond_neighbours(std::size_t i) const {
  const double before = times_least(i > 0 ? i - 1 : i + 1);
  const double after = times_least(i + 1 < seconds.size() ? i + 1 : i - 1);
  return times_least(i) / ((before + after) / 2);
}

namespace {

/// A batch counts as slow if it takes so many times as long as its neighbours suggest.
constexpr double slow = 1.1;

/// Arrays for the inputs or outputs of `batch` samples.
std::vector<std::vector<float>> drawn(const std::vector<std::size_t>& sizes, std::size_t batch) {
  std::mt19937 random(2);
  std::normal_distribution<float> normal;
  std::vector<std::vector<float>> result;
  for (const std::size_t size : sizes) {
    result.emplace_back(batch * size);
    for (float& each : result.back()) each = normal(random);
  }
  return result;
}

/// Times a network. False, with a message, if it cannot be timed.
bool hold_contest(const bench_network& network, const batches_options& options, batches_report& report) {
  const auto fail = [&](const std::string& what) {
    std::fprintf(stderr, "inlay-bench: error: %s: %s\n", network.name.c_str(), what.c_str());
    return false;
  };
  const graph_view& graph = network.graph;
  if (remembers(graph)) return fail("it has state, so its samples are steps; `inlay-bench stream` times them");
  std::vector<std::size_t> inputs, outputs;
  for (const node_record& node : graph.nodes) {
    if (node.kind != op::input) continue;
    if (node.type == dtype::i32) return fail("this command draws numbers, but the network has an i32 input");
    inputs.push_back(static_cast<std::size_t>(node.dims.elements()));
  }
  const auto [flops, weight_bytes] = work_of(graph);
  if (flops == 0) return fail("it multiplies nothing, so that there is no least time");
  for (const output_record& each : graph.outputs)
    outputs.push_back(static_cast<std::size_t>(graph.nodes[each.node].dims.elements()));
  if (inputs.size() + outputs.size() > tools::jit_kernel::most_pointers)
    return fail("it has more than " + std::to_string(tools::jit_kernel::most_pointers) + " inputs and outputs");

  std::string error;
  const auto kernel = tools::jit_kernel::compile(graph, network.values, {.cpu = INLAY_BENCH_CPU}, error);
  if (!kernel) return fail(error);
  const auto most = static_cast<std::size_t>(options.most);
  std::vector<std::vector<float>> in = drawn(inputs, most), out = drawn(outputs, most);
  std::vector<const float*> from;
  std::vector<float*> to;
  for (const auto& each : in) from.push_back(each.data());
  for (auto& each : out) to.push_back(each.data());
  const aligned_memory memory(kernel->scratch_bytes());
  void* const scratch = memory.get();

  std::vector<contestant> contestants;
  for (std::size_t batch = 1; batch <= most; ++batch)
    contestants.emplace_back(std::to_string(batch), [&, batch] { kernel->run(from, to, batch, scratch); });
  contestants.push_back(peak());
  const std::vector<timing> times = hold(contestants, options.rounds, 1e-3);
  report.peak = peak_flops / times.back().median;
  batches_contest contest{.network = network.name, .seconds = {}, .least = {}};
  const read_bandwidth& level = level_that_holds(weight_bytes, report.bandwidths);
  for (std::size_t batch = 1; batch <= most; ++batch) {
    contest.seconds.push_back(times[batch - 1].median);
    contest.least.push_back(
        std::max(weight_bytes / (1e9 * level.gb_per_second), flops * static_cast<double>(batch) / report.peak));
  }
  std::printf("\n%s: %s a sample, weights %s (%s)\n", network.name.c_str(), flop_count(flops).c_str(),
              byte_count(weight_bytes).c_str(), level.level);
  std::printf("  %5s %12s %12s %12s %18s\n", "batch", "a call", "a sample", "times least", "beyond neighbours");
  for (std::size_t i = 0; i < most; ++i)
    std::printf("  %5zu %12s %12s %11.2fx %17.2fx%s\n", i + 1, duration(contest.seconds[i]).c_str(),
                duration(contest.per_sample(i)).c_str(), contest.times_least(i), contest.beyond_neighbours(i),
                contest.beyond_neighbours(i) > slow ? "  slow" : "");
  std::fflush(stdout);
  report.contests.push_back(std::move(contest));
  return true;
}

std::string json_of(const batches_report& report, const batches_options& options) {
  nlohmann::json json = {{"cpu", report.cpu}, {"rounds", options.rounds}, {"peak_flops", report.peak}};
  for (const batches_contest& each : report.contests)
    json["networks"].push_back(
        {{"network", each.network}, {"seconds_per_call", each.seconds}, {"least_seconds", each.least}});
  return json.dump(2) + "\n";
}

}  // namespace

int run_batches(const batches_options& options) {
  std::string error;
  std::vector<bench_network> all =
      options.model.empty() ? batches_suite() : read_networks(options.model, options.weights_file, error);
  const std::vector<bench_network> networks = choose_networks(std::move(all), options.names, error);
  if (networks.empty()) return 2;
  batches_report report;
  report.cpu = cpu_name();
  report.bandwidths = measure_bandwidths(std::min(options.rounds, 9));
  std::printf(
      "%s, one thread, %d interleaved rounds. The least time is that of the multiply-adds at the machine's\n"
      "peak, or that of reading the weights once, whichever is longer. Beyond neighbours: times least, divided\n"
      "by the mean of the batches before and behind.\n",
      report.cpu.c_str(), options.rounds);
  for (const bench_network& network : networks)
    if (!hold_contest(network, options, report)) return 2;
  return write_file(options.json, json_of(report, options)) && write_file(options.svg, picture_of(report)) ? 0 : 2;
}

}  // namespace inlay::bench
