// SPDX-License-Identifier: Apache-2.0
// Draws a trial: its networks, the kinds of its numbers, the target and the calls.
#include <algorithm>
#include <utility>

#include "trial.hpp"

namespace inlay::fuzz {
namespace {

std::size_t batch_size(random_source& random) {
  const unsigned kind = random.pick(100);
  if (kind < 15) return 1;
  if (kind < 40) return 1 + random.pick(8);
  if (kind < 75) return 1 + random.pick(70);
  // Near one or two row blocks of an instruction set.
  static constexpr std::size_t tiles[] = {3, 6, 14, 56};
  return random.one_of(tiles) * (1 + random.pick(2)) - 1 + random.pick(3);
}

bool decided(int setting, random_source& random, unsigned percent) {
  const bool drawn = random.chance(percent);
  return setting < 0 ? drawn : setting > 0;
}

/// --reproducible is for processors with fused multiply-add.
constexpr std::string_view kWithoutFma = "x86-64";

}  // namespace

trial draw_trial(const trial_settings& settings, std::uint64_t index) {
  random_source random(settings.seed, index);
  trial t;
  const std::size_t networks = random.chance(92) ? 1 : 2 + random.pick(2);
  static constexpr const char* names[] = {"fuzzed", "Fuzzed", "fuzzed_too"};
  for (std::size_t i = 0; i < networks; ++i) {
    draw_settings draw = settings.draw;
    if (networks > 1) draw.most_nodes = std::min(draw.most_nodes, 5u);
    t.networks.push_back(draw_network(random, draw, names[i]));
  }
  t.data = draw_data(random);
  t.bf16 = decided(settings.bf16, random, 15);
  // Code for threads takes three times as long to compile, and optimised code four times.
  t.parallel = decided(settings.parallel, random, 12);
  const bool remembers = std::ranges::any_of(t.networks, [](const network& net) { return net.remembers(); });
  t.parallel = t.parallel && !remembers;  // inlayc refuses that
  t.weights_argument = settings.weights_argument > 0 && !remembers;
  if (t.weights_argument) t.bf16 = false;
  t.share_all = (t.parallel || remembers) && random.chance(80);
  t.voices = remembers && random.chance(60);
  t.optimised = decided(settings.optimised, random, 12);
  t.layout_seed = random.word();
  if (!settings.cpus.empty()) t.cpu = settings.cpus[index % settings.cpus.size()];
  // Numbers of its own, so that all else is drawn as before.
  random_source further(~settings.seed, index);
  t.reproducible = decided(settings.reproducible, further, 10) && t.cpu != kWithoutFma;

  // Large networks get few samples, because the oracle's time grows with the product of both.
  std::uint64_t work = 0;
  for (const network& net : t.networks)
    for (const step& s : net.steps) work += s.dims.elements() * (s.kind == op::map ? 1 + s.program.size() : 1);
  const std::size_t most = std::max<std::size_t>(2, static_cast<std::size_t>(4000000 / (work + 1)));
  const unsigned calls = 1 + random.pick(3);
  for (unsigned i = 0; i < calls; ++i) {
    call_plan call{.batch = std::min(most, i == 0 && random.chance(60) ? 1 : batch_size(random))};
    static constexpr unsigned parts[] = {1, 2, 3, 7};
    if (t.parallel && random.chance(75)) call.parts = random.one_of(parts);
    if (call.batch > 1 && random.chance(20)) {
      // Split the batch into two calls.
      call_plan rest = call;
      call.batch = 1 + random.pick(call.batch - 1);
      rest.first = call.batch, rest.batch -= call.batch;
      t.calls.push_back(call), t.calls.push_back(rest);
    } else {
      t.calls.push_back(call);
    }
  }
  if (remembers) t.calls.push_back({.batch = std::min(most, batch_size(random))});  // one step shows little
  if (random.chance(2)) t.calls.push_back({.batch = 0});

  // Limit the batch. Larger calls are cut to the limit, except at most one, which must be refused.
  const bool limited = random.chance(25);
  if (limited) t.max_batch = random.chance(70) ? 1 : 1 + random.pick(20);
  if (settings.max_batch >= 0) t.max_batch = static_cast<std::size_t>(settings.max_batch);
  if (t.max_batch == 0) return t;
  bool refused = random.chance(50);
  for (call_plan& call : t.calls)
    if (call.batch > t.max_batch && !std::exchange(refused, false))
      call.first += call.batch - t.max_batch, call.batch = t.max_batch;
  return t;
}

const char* name_of(finding what) {
  switch (what) {
    case finding::none: return "none";
    case finding::rejected: return "rejected";
    case finding::compile_error: return "compile-error";
    case finding::wrong_value: return "wrong-value";
    case finding::not_written: return "not-written";
    case finding::bad_status: return "bad-status";
    case finding::steps: return "steps";
    case finding::unlike: return "unlike";
    case finding::flags: return "flags";
    case finding::control: return "control";
    case finding::crash: return "crash";
    case finding::timeout: return "timeout";
  }
  return "";
}

void statistics::add(const statistics& other) {
  networks += other.networks, nodes += other.nodes;
  elements += other.elements, known += other.known, tight += other.tight;
}

}  // namespace inlay::fuzz
