// SPDX-License-Identifier: Apache-2.0
// Compiles a trial's networks, calls them in guarded memory and compares their results with the bounds.
#include <algorithm>
#include <bit>
#include <cfenv>
#include <cmath>
#include <sstream>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include "inlay/graph_memory.hpp"
#include "inlay/interpreter.hpp"
#include "network_check.hpp"

namespace inlay::fuzz {
namespace {

/// The floating-point control bits, which a kernel must leave unchanged.
unsigned control_word() {
#if defined(__x86_64__)
  return _mm_getcsr() & ~0x3fu;
#else
  return static_cast<unsigned>(std::fegetround());
#endif
}

/// Runs the parts of some work one after the other, in random order.
class ordered_parts {
 public:
  ordered_parts(unsigned parts, random_source random) : parts_(parts), random_(random) {}
  inlay_parallel_for workers() { return {&ordered_parts::run, this}; }

 private:
  unsigned parts_;
  random_source random_;

  static void run(void* context, void (*work)(void*, std::size_t, std::size_t), void* argument) {
    auto* self = static_cast<ordered_parts*>(context);
    std::vector<std::size_t> order(self->parts_);
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[self->random_.pick(i)]);
    for (std::size_t part : order) work(argument, part, order.size());
  }
};

std::string number_text(double value) {
  std::ostringstream text;
  text.precision(9);
  text << value;
  return text.str();
}

}  // namespace

network_check::network_check(const trial& t, std::size_t index, const graph_view& graph, const weights& w)
    : t_(t), net_(t.networks[index]), graph_(graph), weights_(w) {
  for (const call_plan& call : t.calls) samples_ = std::max(samples_, call.first + call.batch);
  for (const node_record& node : graph.nodes)
    if (node.kind == op::input) inputs_.push_back(make_input(graph, node, samples_, t.data));
  expected_ = evaluate_with_bounds(graph, w, inputs_, samples_, {.bf16_weights = t.bf16});
}

/// The interpreter computes in double: its rounding is negligible, but it does not overflow where f32 does.
verdict network_check::compare_interpreter() const {
  interpreter_result made = interpreter::create(graph_, weights_);
  if (!made) return {finding::rejected, "the interpreter refuses the weights: " + made.errors.front(), {}};
  const std::size_t batch = std::min<std::size_t>(samples_, remembers(graph_) ? 24 : 2);
  std::vector<std::vector<float>> results;
  for (const output_record& o : graph_.outputs) results.emplace_back(batch * size_of(o));
  // Two calls on one memory.
  interpreter_memory memory;
  for (const auto& [first, count] : {std::pair(std::size_t{0}, batch / 2), std::pair(batch / 2, batch - batch / 2)}) {
    std::vector<const void*> from;
    std::vector<float*> to;
    for (const auto& input : inputs_)
      from.push_back(input.data() + first * (input.size() / std::max<std::size_t>(samples_, 1)));
    for (auto& result : results)
      to.push_back(result.data() + first * (result.size() / std::max<std::size_t>(batch, 1)));
    made.value->run(from, to, count, engine::reference, memory);
  }
  for (std::size_t o = 0; o < results.size(); ++o)
    for (std::size_t i = 0; i < results[o].size(); ++i)
      if (!expected_.overflows[i / size_of(graph_.outputs[o])] && !allows(expected_.outputs[o][i], results[o][i]))
        return {finding::wrong_value, "the interpreter: " + difference(o, i, results[o][i]), {}};
  return {};
}

guarded_buffer& network_check::call_buffers::add(std::size_t count, random_source& random) {
  all.push_back(std::make_unique<guarded_buffer>(count, random.chance(50) ? flush::front : flush::back));
  return *all.back();
}

network_check::call_buffers network_check::buffers_for(const tools::jit_kernel& kernel,
                                                       std::span<const call_plan> streams,
                                                       random_source& random) const {
  call_buffers buffers;
  std::size_t samples = 0;
  for (const call_plan& stream : streams) samples += stream.batch;
  for (const std::vector<float>& all : inputs_) {
    const std::size_t elements = all.size() / std::max<std::size_t>(samples_, 1);
    guarded_buffer& buffer = buffers.add(samples * elements, random);
    float* to = buffer.data();
    for (const call_plan& stream : streams)
      to = std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(stream.first * elements), stream.batch * elements, to);
    buffer.make_read_only();
    buffers.inputs.push_back(buffer.data());
  }
  for (const output_record& o : graph_.outputs) {
    guarded_buffer& buffer = buffers.add(samples * size_of(o), random);
    buffer.fill(kUnwritten);
    buffers.outputs.push_back(buffer.data());
  }
  guarded_buffer& scratch = buffers.add((kernel.scratch_bytes() + sizeof(float) - 1) / sizeof(float), random);
  static constexpr std::uint32_t poisons[] = {0x7fc0beefu, 0x7f800000u, 0x7e967699u, 0xff7fffffu};
  scratch.fill(random.one_of(poisons));
  buffers.scratch = scratch.data();
  return buffers;
}

verdict network_check::observe(std::span<const call_plan> streams, const std::string& where,
                               const call_buffers& buffers, const std::function<int()>& kernel) const {
  const unsigned before = control_word();
  std::feclearexcept(FE_ALL_EXCEPT);
  const int status = kernel();
  const int raised = std::fetestexcept(FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW);
  std::feclearexcept(FE_ALL_EXCEPT);
  const bool refused = is_refused(streams.front());
  if (refused && status != kTooLargeBatch)
    return {finding::bad_status,
            where + "limited to " + std::to_string(t_.max_batch) + ", it returned " + std::to_string(status),
            {}};
  if (!refused && status != 0)
    return {finding::bad_status, where + "the kernel returned " + std::to_string(status), {}};
  if (control_word() != before)
    return {finding::control, where + "the kernel changed the floating-point control word", {}};
  std::size_t samples = 0;
  for (const call_plan& stream : streams) samples += stream.batch;
  for (std::size_t o = 0; o < buffers.outputs.size(); ++o)
    for (std::size_t i = 0; i < samples * size_of(graph_.outputs[o]); ++i) {
      const bool unwritten = std::bit_cast<std::uint32_t>(buffers.outputs[o][i]) == kUnwritten;
      if (refused && !unwritten) return {finding::bad_status, where + "refused, but it has written to an output", {}};
      if (!refused && unwritten)
        return {finding::not_written,
                where + "output '" + net_.outputs[o].name + "', element " + std::to_string(i) + " is not written",
                {}};
    }
  bool calm = !refused;
  for (const call_plan& stream : streams)
    for (std::size_t i = 0; i < stream.batch && calm; ++i) calm = expected_.calm[stream.first + i];
  if (!calm || raised == 0) return {};
  std::string names;
  if (raised & FE_INVALID) names += " invalid";
  if (raised & FE_DIVBYZERO) names += " divide-by-zero";
  if (raised & FE_OVERFLOW) names += " overflow";
  return {finding::flags, where + "all values are finite, but the kernel raised" + names, {}};
}

verdict network_check::judge(const call_plan& call, std::span<float* const> outputs, statistics& counts) const {
  for (std::size_t o = 0; o < outputs.size(); ++o) {
    const std::size_t size = size_of(graph_.outputs[o]);
    for (std::size_t i = 0; i < call.batch * size; ++i) {
      const float found = outputs[o][i];
      const std::size_t at = call.first * size + i;
      const bounded& expected = expected_.outputs[o][at];
      if (!allows(expected, found)) return {finding::wrong_value, where(call) + difference(o, at, found), {}};
      ++counts.elements;
      if (expected.is_known()) ++counts.known;
      if (expected.error <= 1e-3 * std::max(1.0, std::abs(expected.value))) ++counts.tight;
    }
  }
  return {};
}

verdict network_check::compare_calls(const call_plan& call, std::span<float* const> outputs) {
  seen_.resize(outputs.size());
  for (std::size_t o = 0; o < outputs.size(); ++o) {
    const std::size_t size = size_of(graph_.outputs[o]);
    seen_[o].resize(samples_ * size);
    for (std::size_t i = 0; i < call.batch * size; ++i) {
      const std::size_t at = call.first * size + i;
      std::optional<float>& before = seen_[o][at];
      const float now = outputs[o][i];
      if (!before) before = now;
      if (std::bit_cast<std::uint32_t>(*before) == std::bit_cast<std::uint32_t>(now) ||
          (std::isnan(*before) && std::isnan(now)))
        continue;
      return {finding::unlike,
              where(call) + difference(o, at, now) + ", but " + number_text(static_cast<double>(*before)) +
                  " in another call",
              {}};
    }
  }
  return {};
}

verdict network_check::run(const tools::jit_kernel& kernel, const call_plan& call, random_source random,
                           statistics& counts) {
  const call_buffers buffers = buffers_for(kernel, call, random);
  ordered_parts parts(call.parts, random);
  const inlay_parallel_for workers = parts.workers();
  const verdict seen = observe(call, buffers, [&] {
    return kernel.run(buffers.inputs, buffers.outputs, call.batch, buffers.scratch,
                      call.parts == 0 ? nullptr : &workers);
  });
  if (is_refused(call)) return seen;
  // Flags matter only if the values are right.
  if (seen.what != finding::none && seen.what != finding::flags) return seen;
  if (const verdict wrong = judge(call, buffers.outputs, counts); wrong.what != finding::none) return wrong;
  if (t_.reproducible)
    if (const verdict other = compare_calls(call, buffers.outputs); other.what != finding::none) return other;
  return seen;
}

std::string network_check::where(const call_plan& call) const {
  std::string text =
      "network '" + net_.name + "', " + (remembers(graph_) ? "steps " : "batch ") + std::to_string(call.batch);
  if (call.first > 0) text += " from sample " + std::to_string(call.first) + " on";
  if (call.parts > 0) text += ", " + std::to_string(call.parts) + " parts";
  return text + ": ";
}

std::string network_check::difference(std::size_t o, std::size_t at, float found) const {
  const std::size_t size = size_of(graph_.outputs[o]);
  const bounded& expected = expected_.outputs[o][at];
  return "output '" + net_.outputs[o].name + "', sample " + std::to_string(at / size) + ", element " +
         std::to_string(at % size) + " is " + number_text(static_cast<double>(found)) + ", expected " +
         number_text(expected.value) + " +- " + number_text(expected.error);
}

verdict run_trial(const trial& t, const trial_settings& settings) {
  verdict result;
  std::vector<graph_builder> builders;
  std::vector<graph_view> graphs;
  std::vector<weights> all_weights;
  for (const network& net : t.networks) {
    builders.push_back(build(net));
    const violation& found = builders.back().first_violation();
    if (found)
      return {finding::rejected,
              "the graph breaks a rule: " + std::string(found.layer.view()) + ": expected " +
                  std::string(found.expected.view()) + ", found " + std::string(found.found.view()) + "; " +
                  std::string(advice(found.code)),
              {}};
  }
  for (const graph_builder& builder : builders) {
    graphs.push_back(builder.view());
    graphs.back().hash = graph_hash(graphs.back());
    all_weights.push_back(make_weights(graphs.back(), t.data));
    ++result.counts.networks, result.counts.nodes += graphs.back().nodes.size();
  }

  const auto ignored = [&](const verdict& v) {
    return v.what == finding::none || settings.ignored.contains(name_of(v.what));
  };
  // A network that has shrunk may have lost its state, and inlayc refuses voices then.
  const bool voices = t.voices && std::ranges::any_of(graphs, [](const graph_view& graph) { return remembers(graph); });
  std::string error;
  const auto compile_for = [&](const std::string& cpu) {
    return tools::jit_kernel::compile_all(graphs, all_weights,
                                          {.cpu = cpu,
                                           .bf16_weights = t.bf16,
                                           .parallel = t.parallel,
                                           .max_batch = t.max_batch,
                                           .reproducible = t.reproducible,
                                           .voices = voices,
                                           .weights_argument = t.weights_argument,
                                           .share_all = t.share_all,
                                           .optimised = t.optimised},
                                          error);
  };
  const auto kernels = compile_for(t.cpu);
  // Another CPU with fused multiply-add, where this machine has one.
  const std::string other = t.cpu == "x86-64-v3" ? "native" : "x86-64-v3";
  const bool elsewhere = t.reproducible && std::ranges::count(tools::runnable_cpus(), other) > 0;
  std::vector<std::unique_ptr<tools::jit_kernel>> others;
  if (elsewhere && !kernels.empty()) others = compile_for(other);
  if (kernels.empty() || (elsewhere && others.empty())) {
    result.what = finding::compile_error, result.text = error;
    if (ignored(result)) result.what = finding::none;
    return result;
  }
  random_source layout(t.layout_seed);
  for (std::size_t n = 0; n < graphs.size(); ++n) {
    network_check check(t, n, graphs[n], all_weights[n]);
    if (!settings.ignored.contains("interpreter"))
      if (verdict v = check.compare_interpreter(); !ignored(v)) return v;
    if (remembers(graphs[n])) {
      if (verdict v = check.run_steps(*kernels[n], random_source(layout.word()), result.counts); !ignored(v)) return v;
      if (voices)
        if (verdict v = check.run_voices(*kernels[n], random_source(layout.word()), result.counts); !ignored(v))
          return v;
      continue;
    }
    const auto run = [&](const tools::jit_kernel& kernel, const call_plan& call) {
      random_source of_call(layout.word());
      return check.run(kernel, call, of_call, result.counts);
    };
    for (const call_plan& call : t.calls)
      if (verdict v = run(*kernels[n], call); !ignored(v)) return v;
    if (!t.reproducible || check.samples() == 0) continue;
    for (const std::size_t first : {std::size_t{0}, check.samples() / 2, check.samples() - 1})
      if (verdict v = run(*kernels[n], {.first = first}); !ignored(v)) return v;
    if (!elsewhere) continue;
    for (const call_plan& call : t.calls) {
      verdict v = run(*others[n], call);
      v.text = "on " + other + ": " + v.text;
      if (!ignored(v)) return v;
    }
  }
  return result;
}

}  // namespace inlay::fuzz
