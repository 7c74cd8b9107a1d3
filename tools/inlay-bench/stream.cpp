// SPDX-License-Identifier: Apache-2.0
// inlay-bench stream: networks that get one step after the other, step by step and in blocks of steps.
#include "stream.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <deque>
#include <random>

#include "aligned_memory.hpp"
#include "choose_networks.hpp"
#include "inlay/graph_memory.hpp"
#include "inlay/interpreter.hpp"
#include "jit_kernel.hpp"
#include "machine.hpp"
#include "peers/stream_peers.hpp"
#include "relative_error.hpp"
#include "write_file.hpp"

namespace inlay::bench {
namespace {

std::vector<stream_library> libraries() {
  return {
#ifdef INLAY_BENCH_RTNEURAL_STREAMS
      rtneural_stream,
#endif
#ifdef INLAY_BENCH_RTNEURAL_STREAMS_AVX2
      rtneural_stream_avx2,
#endif
#ifdef INLAY_BENCH_ONNXRUNTIME
      onnxruntime_stream,
#endif
  };
}

/// The numbers of a step of a network with one input and one output.
struct step_sizes {
  std::size_t inputs = 1, outputs = 1;
};

step_sizes sizes_of(const graph_view& graph) {
  const auto input = std::ranges::find(graph.nodes, op::input, &node_record::kind);
  return {static_cast<std::size_t>(input->dims.elements()),
          static_cast<std::size_t>(graph.nodes[graph.outputs[0].node].dims.elements())};
}

/// The steps of the signal, which is played again and again: 1024, or fewer if a step has more numbers. A multiple of
/// 64, the most steps in a call.
std::size_t signal_steps(step_sizes sizes) { return std::max<std::size_t>(1, 1024 / sizes.inputs / 64) * 64; }

std::vector<float> draw_signal(int level, step_sizes sizes) {
  std::mt19937 random(2);
  std::normal_distribution<float> normal(0, 0.01f * static_cast<float>(level));
  std::vector<float> signal(signal_steps(sizes) * sizes.inputs);
  for (float& each : signal) each = normal(random);
  return signal;
}

/// Where a contestant is in the signal, and what it computed last.
struct player {
  const std::vector<float>& signal;
  std::size_t numbers;  ///< of a call
  std::vector<float> out;
  std::size_t at = 0;

  player(const std::vector<float>& all, step_sizes sizes, std::size_t steps)
      : signal(all), numbers(steps * sizes.inputs), out(steps * sizes.outputs) {}
  const float* next() {
    const float* const steps = signal.data() + at;
    at = (at + numbers) % signal.size();
    return steps;
  }
};

/// The streams that `many streams` runs in one call: a register of them.
constexpr std::size_t many = 16;

/// Values of one stream, in the order in which calls for `streams` equal streams take them. `numbers` are those of one
/// stream in a call.
std::vector<float> in_calls(const std::vector<float>& values, std::size_t numbers, std::size_t streams) {
  std::vector<float> result;
  for (std::size_t at = 0; at < values.size(); at += numbers)
    for (std::size_t stream = 0; stream < streams; ++stream)
      result.insert(result.end(), values.begin() + static_cast<std::ptrdiff_t>(at),
                    values.begin() + static_cast<std::ptrdiff_t>(at + numbers));
  return result;
}

struct stream_contestant {
  player* plays;
  contestant calls;      ///< does one call
  timed_calls one_call;  ///< null: its calls are not timed on their own
  std::function<void()> reset;
  std::size_t streams = 1;  ///< that one call runs
};

/// The contestants of one contest.
class line_up {
 public:
  line_up(const bench_network& network, std::size_t steps, const std::vector<float>& signal)
      : network_(network), sizes_(sizes_of(network.graph)), steps_(steps), signal_(signal) {}

  /// Compiles the network. Returns an error, or nothing.
  std::string add_compiled() {
    std::string error;
    kernel_ = tools::jit_kernel::compile(network_.graph, network_.values,
                                         {.cpu = INLAY_BENCH_CPU, .voices = remembers(network_.graph)}, error);
    if (!kernel_) return error;
    void* const scratch = memory_.emplace_back(kernel_->scratch_bytes()).get();
    player* const plays = &players_.emplace_back(signal_, sizes_, steps_);
    if (!remembers(network_.graph)) {
      const auto entry = reinterpret_cast<int (*)(const float*, float*, std::size_t, void*)>(kernel_->entry());
      add("compiled", plays, [=, steps = steps_] { entry(plays->next(), plays->out.data(), steps, scratch); }, [] {});
      return {};
    }
    void* const memory = memory_.emplace_back(kernel_->memory_bytes()).get();
    const auto entry = reinterpret_cast<int (*)(const float*, float*, std::size_t, void*, void*)>(kernel_->entry());
    add(
        "compiled", plays, [=, steps = steps_] { entry(plays->next(), plays->out.data(), steps, memory, scratch); },
        [memory, kernel = kernel_.get()] { kernel->reset(memory); });
    add_many_streams(scratch);
    return {};
  }

  void add_peer(const stream_peer& peer) {
    player* const plays = &players_.emplace_back(signal_, sizes_, steps_);
    add(
        peer.name, plays,
        [=, run = peer.run, model = peer.model.get(), steps = steps_] {
          run(model, plays->next(), plays->out.data(), steps);
        },
        [peer] { peer.reset(peer.model.get()); });
  }

  /// The interpreter allocates memory, so its calls are not timed on their own.
  void add_interpreter(interpreter& runs) {
    player* const plays = &players_.emplace_back(signal_, sizes_, steps_);
    add(
        "interpreted", plays,
        [=, this, &runs] {
          const float* const in = plays->next();
          float* const out = plays->out.data();
          runs.run({&in, 1}, {&out, 1}, steps_, engine::baseline, interpreted_);
        },
        [this] { interpreted_ = {}; });
    all_.back().one_call = nullptr;
  }

  const std::vector<stream_contestant>& all() const { return all_; }

 private:
  const bench_network& network_;
  const step_sizes sizes_;
  const std::size_t steps_;
  const std::vector<float>& signal_;
  std::vector<float> signal_of_many_;
  std::unique_ptr<tools::jit_kernel> kernel_;
  std::deque<aligned_memory> memory_;
  std::deque<player> players_;
  interpreter_memory interpreted_;
  std::vector<stream_contestant> all_;

  void add_many_streams(void* scratch) {
    signal_of_many_ = in_calls(signal_, steps_ * sizes_.inputs, many);
    player* const plays = &players_.emplace_back(signal_of_many_, sizes_, many * steps_);
    void* const memories = memory_.emplace_back(many * kernel_->memory_bytes()).get();
    add(
        std::to_string(many) + " streams", plays,
        [=, steps = steps_, kernel = kernel_.get()] {
          const float* const in = plays->next();
          float* const out = plays->out.data();
          kernel->run_voices({&in, 1}, {&out, 1}, many, steps, memories, scratch);
        },
        [memories, kernel = kernel_.get()] {
          for (std::size_t stream = 0; stream < many; ++stream)
            kernel->reset(static_cast<std::byte*>(memories) + stream * kernel->memory_bytes());
        });
    all_.back().streams = many;
  }

  template <class Work>
  void add(const std::string& name, player* plays, Work work, std::function<void()> reset) {
    all_.push_back({plays, contestant(name, work), each_on_its_own(work), std::move(reset)});
  }
};

/// Plays the whole signal from the first step on and returns the largest error.
double error_of(const stream_contestant& who, const std::vector<float>& exact) {
  who.reset();
  who.plays->at = 0;
  std::vector<float> found;
  while (found.size() < exact.size()) {
    std::ranges::fill(who.plays->out, unwritten());
    who.calls.run();
    found.insert(found.end(), who.plays->out.begin(), who.plays->out.end());
  }
  return relative_error(found, exact);
}

/// Holds one contest. False, with a message, if a contestant is wrong or does not compile.
bool hold_contest(const bench_network& network, int steps, const stream_options& options, stream_report& report) {
  const auto fail = [&](const std::string& who, const std::string& what) {
    std::fprintf(stderr, "inlay-bench: error: %s, calls of %d step%s: %s: %s\n", network.name.c_str(), steps,
                 steps == 1 ? "" : "s", who.c_str(), what.c_str());
    return false;
  };
  interpreter_result interpreted = interpreter::create(network.graph, network.values);
  if (!interpreted) return fail("interpreted", interpreted.errors.front());
  const step_sizes sizes = sizes_of(network.graph);
  const std::vector<float> signal = draw_signal(options.level, sizes);
  std::vector<float> exact(signal_steps(sizes) * sizes.outputs);
  interpreted.value->run(signal.data(), exact.data(), signal_steps(sizes), engine::reference);

  line_up contestants(network, static_cast<std::size_t>(steps), signal);
  if (const std::string error = contestants.add_compiled(); !error.empty()) return fail("compiled", error);
  for (const stream_library& library : libraries())
    if (const stream_peer peer = library(network.name, network.values); peer.model) contestants.add_peer(peer);
  contestants.add_interpreter(*interpreted.value);

  stream_contest contest{.network = network.name, .steps = steps, .results = {}, .clock = {}};
  bool right = true;
  std::vector<contestant> calls;
  std::vector<timed_calls> single;
  for (const stream_contestant& each : contestants.all()) {
    const double error = error_of(each, in_calls(exact, static_cast<std::size_t>(steps) * sizes.outputs, each.streams));
    contest.results.push_back({.contestant = each.calls.name,
                               .step = {},
                               .on_its_own = each.one_call != nullptr,
                               .call = {},
                               .max_error = error});
    calls.push_back(each.calls);
    if (each.one_call) single.push_back(each.one_call);
    if (error <= 1e-3) continue;
    char text[64];
    std::snprintf(text, sizeof text, "its result is off by %g", error);
    right = fail(each.calls.name, text);
  }
  single.push_back(each_on_its_own([] {}));
  const std::vector<timing> times = hold(calls, options.rounds, 1e-3);
  const std::vector<single_calls> slowest = time_single_calls(single, static_cast<std::size_t>(options.calls));
  std::size_t next = 0;
  for (std::size_t i = 0; i < times.size(); ++i) {
    const double all = steps * static_cast<double>(contestants.all()[i].streams);
    contest.results[i].step = {times[i].median / all, times[i].lower / all, times[i].upper / all};
    if (contest.results[i].on_its_own) contest.results[i].call = slowest[next++];
  }
  contest.clock = slowest.back();
  print(contest);
  report.contests.push_back(std::move(contest));
  return right;
}

}  // namespace

int run_stream(const stream_options& options) {
  const std::vector<bench_network> networks = choose_networks(stream_suite(), options.names);
  if (networks.empty()) return 2;
  stream_report report{.cpu = cpu_name(), .peers = {}, .contests = {}};
  for (const stream_library& library : libraries()) {
    const stream_peer peer = library("gru8", stream_suite().front().values);
    report.peers.push_back(peer.name + ": " + peer.how);
  }
  print_head(report, options);
  bool right = true;
  for (const bench_network& network : networks)
    for (const int steps : network.batches) right = hold_contest(network, steps, options, report) && right;
  if (!write_file(options.json, json_of(report, options))) return 2;
  return right ? 0 : 1;
}

}  // namespace inlay::bench
