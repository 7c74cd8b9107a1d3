// SPDX-License-Identifier: Apache-2.0
// inlay-bench networks: compiled networks against interpreted ones and against other libraries.
#include "networks.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <deque>
#include <random>

#include "aligned_memory.hpp"
#include "batch_norms.hpp"
#include "choose_networks.hpp"
#include "dense_chain.hpp"
#include "graph_work.hpp"
#include "inlay/graph_memory.hpp"
#include "inlay/graph_training.hpp"
#include "inlay/interpreter.hpp"
#include "inlay/operations.hpp"
#include "inlay/thread_pool.hpp"
#include "jit_kernel.hpp"
#include "layers.hpp"
#include "model_file.hpp"
#include "peers/network_peers.hpp"
#include "relative_error.hpp"
#include "write_file.hpp"

namespace inlay::bench {
namespace {

std::vector<network_library> installed_libraries() {
  return {
      eigen_networks(),
#ifdef INLAY_BENCH_OPENBLAS
      openblas_networks(),
#endif
#ifdef INLAY_BENCH_ONEDNN
      onednn_networks(),
#endif
#ifdef INLAY_BENCH_ONNXRUNTIME
      onnxruntime_networks(),
#endif
#ifdef INLAY_BENCH_RTNEURAL
      rtneural_networks(),
#endif
  };
}

/// Fills an i32 input with the bits of indices into the tables of all layers that read it.
void draw_indices(const graph_view& graph, const node_record& input, std::vector<float>& elements,
                  std::mt19937& random) {
  const std::uint32_t rows = ops::rows_of_smallest_table(graph, input);
  for (float& each : elements) each = std::bit_cast<float>(static_cast<std::uint32_t>(random() % rows));
}

/// The inputs and outputs of a batch, and the exact outputs: computed in double and rounded to float.
struct workload {
  std::vector<std::vector<float>> inputs, outputs, exact;
  std::vector<const float*> in;
  std::vector<const void*> untyped;  ///< the same for the interpreter
  std::vector<float*> out;

  workload(const graph_view& graph, std::size_t batch) {
    std::mt19937 random(2);
    std::normal_distribution<float> normal;
    for (const node_record& node : graph.nodes)
      if (node.kind == op::input) {
        inputs.emplace_back(batch * node.dims.elements());
        if (node.type == dtype::i32)
          draw_indices(graph, node, inputs.back(), random);
        else
          for (float& each : inputs.back()) each = normal(random);
      }
    for (const output_record& each : graph.outputs)
      outputs.emplace_back(batch * graph.nodes[each.node].dims.elements());
    exact = outputs;
    for (const auto& each : inputs) in.push_back(each.data());
    untyped.assign(in.begin(), in.end());
    for (auto& each : outputs) out.push_back(each.data());
  }
  double bytes() const {
    double sum = 0;
    for (const auto& each : inputs) sum += 4.0 * static_cast<double>(each.size());
    for (const auto& each : outputs) sum += 4.0 * static_cast<double>(each.size());
    return sum;
  }
};

/// Runs a contestant once and returns its largest error.
double error_of(const contestant& who, workload& work) {
  for (auto& each : work.outputs) std::ranges::fill(each, unwritten());
  who.run();
  double largest = 0;
  for (std::size_t i = 0; i < work.outputs.size(); ++i) {
    const double error = relative_error(work.outputs[i], work.exact[i]);
    if (!(error <= largest)) largest = error;
  }
  return largest;
}

/// Holds one contest. False, with a message, if a contestant is wrong or does not compile.
bool hold_contest(const bench_network& network, const std::string& layer, const std::string& title, int batch,
                  const networks_options& options, cache_evictor& evictor, networks_report& report) {
  const std::size_t samples = static_cast<std::size_t>(batch);
  const auto fail = [&](const std::string& who, const std::string& what) {
    std::fprintf(stderr, "inlay-bench: error: %s, batch %d: %s: %s\n", title.c_str(), batch, who.c_str(), what.c_str());
    return false;
  };
  workload work(network.graph, samples);
  if (const std::size_t pointers = work.in.size() + work.out.size(); pointers > tools::jit_kernel::most_pointers)
    return fail("compiled", "this tool calls networks of at most " + std::to_string(tools::jit_kernel::most_pointers) +
                                " inputs and outputs, found " + std::to_string(pointers));
  // The samples of a network with state are steps. They follow each other, so one thread runs them.
  const bool has_state = remembers(network.graph);
  const bool on_threads = options.threads > 1 && !has_state;
  std::string error;
  const auto compile = [&](bool bf16, bool argument) {
    return tools::jit_kernel::compile(
        network.graph, network.values,
        {.cpu = INLAY_BENCH_CPU, .bf16_weights = bf16, .parallel = on_threads, .weights_argument = argument}, error);
  };
  std::vector<std::unique_ptr<tools::jit_kernel>> kernels;  // with f32 weights and, if asked for, with bf16 weights
  for (const bool bf16 : {false, true}) {
    if (bf16 && !options.bf16) continue;
    kernels.push_back(compile(bf16, false));
    if (!kernels.back()) return fail("compiled", error);
  }
  std::unique_ptr<tools::jit_kernel> argument;
  if (options.weights_argument && !has_state && parameter_elements(network.graph) > 0) {
    argument = compile(false, true);
    if (!argument) return fail("weights as an argument", error);
  }
  interpreter_result exact = interpreter::create(network.graph, network.values);
  if (!exact) return fail("interpreted", exact.errors.front());
  // inlayc folds batch norms itself.
  const bench_network folded = with_folded_batch_norms(network);
  interpreter_result interpreted = interpreter::create(folded.graph, folded.values);
  if (!interpreted) return fail("interpreted", interpreted.errors.front());

  const aligned_memory memory(std::max(kernels.front()->scratch_bytes(), argument ? argument->scratch_bytes() : 0));
  void* const scratch = memory.get();
  // Each contestant goes on from its own last step.
  std::deque<aligned_memory> remembered;
  interpreter_memory interpreted_memory;
  std::vector<contestant> contestants;
  const thread_pool pool(static_cast<unsigned>(options.threads));
  const auto add = [&](const std::string& name, const tools::jit_kernel& kernel, const inlay_parallel_for* workers) {
    if (has_state) {
      void* const own = remembered.emplace_back(kernel.memory_bytes()).get();
      kernel.reset(own);
      if (work.in.size() != 1 || work.out.size() != 1) {
        contestants.emplace_back(name, [&, own] { kernel.run_steps(work.in, work.out, samples, own, scratch); });
        return;
      }
      using steps = int (*)(const float*, float*, std::size_t, void*, void*);
      contestants.emplace_back(name, [=, entry = reinterpret_cast<steps>(kernel.entry()), in = work.in[0],
                                      out = work.out[0]] { entry(in, out, samples, own, scratch); });
      return;
    }
    if (work.in.size() != 1 || work.out.size() != 1) {
      contestants.emplace_back(name, [&, workers] { kernel.run(work.in, work.out, samples, scratch, workers); });
      return;
    }
    // Call the entry point directly. kernel.run() takes any number of pointers, which costs time.
    using serial = int (*)(const float*, float*, std::size_t, void*);
    using parallel = int (*)(const float*, float*, std::size_t, void*, const inlay_parallel_for*);
    const float* const in = work.in[0];
    float* const out = work.out[0];
    if (workers)
      contestants.emplace_back(name, [=, entry = reinterpret_cast<parallel>(kernel.parallel_entry())] {
        entry(in, out, samples, scratch, workers);
      });
    else
      contestants.emplace_back(
          name, [=, entry = reinterpret_cast<serial>(kernel.entry())] { entry(in, out, samples, scratch); });
  };
  for (const auto& kernel : kernels) add(kernel == kernels.front() ? "compiled" : "bf16 weights", *kernel, nullptr);
  if (argument) {
    using packed = int (*)(const float*, float*, std::size_t, const void*, void*);
    const aligned_memory& block = remembered.emplace_back(argument->packed_bytes());
    argument->pack(network.graph, network.values, block.get());
    if (work.in.size() == 1 && work.out.size() == 1)
      contestants.emplace_back(
          "argument", [=, entry = reinterpret_cast<packed>(argument->entry()), in = work.in[0], out = work.out[0],
                       from = block.get()] { entry(in, out, samples, from, scratch); });
    else
      contestants.emplace_back("argument", [&] { argument->run(work.in, work.out, samples, scratch); });
  }
  const inlay_parallel_for& workers = pool;
  if (on_threads) add(std::to_string(options.threads) + " threads", *kernels.front(), &workers);
  contestants.emplace_back("interpreted", [&] {
    if (!has_state) interpreted_memory = {};
    interpreted.value->run(work.untyped, work.out, samples, engine::baseline, interpreted_memory);
  });
  const graph_work work_of_sample = work_of(folded.graph);
  if (const auto chain = dense_chain(folded.graph, folded.values)) {
    for (const network_library& library : installed_libraries())
      if (network_run run = library.prepare(*chain, batch))
        contestants.emplace_back(std::string(library.name),
                                 [run, in = work.in[0], out = work.out[0]] { run(in, out); });
  }
#ifdef INLAY_BENCH_ONEDNN
  if (work.in.size() == 1 && work.out.size() == 1)
    if (network_run run = onednn_images(folded.graph, folded.values, batch))
      contestants.emplace_back("oneDNN", [run, in = work.in[0], out = work.out[0]] { run(in, out); });
#endif
  exact.value->run(work.untyped, work.out, samples, engine::reference);
  work.exact = work.outputs;
  std::size_t unusual = 0, all = 0;
  for (const auto& each : work.exact)
    unusual += static_cast<std::size_t>(std::ranges::count_if(each, [](float f) { return !std::isfinite(f); })),
        all += each.size();
  if (unusual != 0)
    std::printf("\nnote: %s: %zu of %zu results are infinite or NaN, so times may not be those of real values%s\n",
                title.c_str(), unusual, all, options.weights_file.empty() ? "; give --weights" : "");
  network_contest contest{.network = title,
                          .layer = layer,
                          .batch = batch,
                          .flops = work_of_sample.flops * batch,
                          .weight_bytes = work_of_sample.weight_bytes,
                          .value_bytes = work.bytes(),
                          .peak = 0,
                          .results = {}};
  bool right = true;
  for (const contestant& each : contestants) {
    contest.results.push_back({.contestant = each.name, .time = {}, .max_error = error_of(each, work)});
    if (contest.results.back().max_error <= (each.name == "bf16 weights" ? 0.1 : 1e-3)) continue;
    char text[64];
    std::snprintf(text, sizeof text, "its result is off by %g", contest.results.back().max_error);
    right = fail(each.name, text);
  }
  contestants.push_back(peak());
  const std::vector<timing> times = hold(contestants, options.rounds, 1e-3);
  contest.peak = peak_flops / times.back().median;
  contestants.pop_back();
  const std::vector<double> cold = hold_cold(contestants, options.rounds, [&] {
    workers.run(
        workers.context, [](void* what, std::size_t, std::size_t) { static_cast<cache_evictor*>(what)->evict(); },
        &evictor);
  });
  for (std::size_t i = 0; i < contest.results.size(); ++i)
    contest.results[i].time = times[i], contest.results[i].cold = cold[i];
  print(contest, report);
  report.contests.push_back(std::move(contest));
  return right;
}

}  // namespace

int run_networks(const networks_options& options) {
  std::string error;
  std::vector<bench_network> all =
      options.model.empty() ? built_in_suite() : read_networks(options.model, options.weights_file, error);
  const std::vector<bench_network> networks = choose_networks(std::move(all), options.names, error);
  if (networks.empty()) return 2;
  networks_report report;
  report.cpu = cpu_name();
  report.bandwidths = measure_bandwidths(std::min(options.rounds, 9));
#ifdef INLAY_BENCH_OPENBLAS
  report.openblas = openblas_choice();
#endif
  print_head(report, options.rounds);
  if (!options.model.empty() && options.weights_file.empty())
    std::printf("No --weights: drawn at random, the same in every run; variances are positive.\n");
  cache_evictor evictor;
  bool right = true;
  for (const bench_network& network : networks) {
    std::vector<int> batches = !options.batches.empty() ? options.batches : network.batches;
    if (batches.empty()) batches = {1, 64};
    for (const int batch : batches) {
      const std::size_t whole = report.contests.size();
      right = hold_contest(network, "", network.name, batch, options, evictor, report) && right;
      if (!options.layers) continue;
      if (remembers(network.graph)) {
        std::printf("\nnote: %s has state, so its layers are not timed on their own\n", network.name.c_str());
        continue;
      }
      for (const bench_network& layer : layers_of(network))
        right = hold_contest(layer, layer.name, network.name, batch, options, evictor, report) && right;
      if (whole < report.contests.size()) print_layers(report.contests[whole], report);
    }
  }
  bool written = options.json.empty() || write_file(options.json, json_of(report, options.rounds));
  if (!options.html.empty()) written = write_file(options.html, html_of(report)) && written;
  return !written ? 2 : right ? 0 : 1;
}

}  // namespace inlay::bench
