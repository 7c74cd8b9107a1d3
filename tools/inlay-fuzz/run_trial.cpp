// SPDX-License-Identifier: Apache-2.0
// Compiles a trial's networks, calls them in guarded memory and compares their results with the bounds.
#include <algorithm>
#include <bit>
#include <cfenv>
#include <cmath>
#include <memory>
#include <sstream>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include "bounds.hpp"
#include "guarded_buffer.hpp"
#include "inlay/interpreter.hpp"
#include "jit_kernel.hpp"
#include "trial.hpp"

namespace inlay::fuzz {
namespace {

/// A NaN that no arithmetic makes. An output that still holds it was not written.
constexpr std::uint32_t kUnwritten = 0x7fe5a5a5u;

/// What a kernel returns if the batch exceeds its limit.
constexpr int kTooLargeBatch = 4;

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

class network_check {
 public:
  network_check(const trial& t, std::size_t index, const graph_view& graph, const weights& w)
      : t_(t), net_(t.networks[index]), graph_(graph), weights_(w) {
    for (const call_plan& call : t.calls) samples_ = std::max(samples_, call.first + call.batch);
    for (const node_record& node : graph.nodes)
      if (node.kind == op::input) inputs_.push_back(make_input(graph, node, samples_, t.data));
    expected_ = evaluate_with_bounds(graph, w, inputs_, samples_, {.bf16_weights = t.bf16});
  }

  verdict compare_interpreter() const {
    // The interpreter computes in double: its rounding is negligible, but it does not overflow where f32 does.
    interpreter_result made = interpreter::create(graph_, weights_);
    if (!made) return {finding::rejected, "the interpreter refuses the weights: " + made.errors.front(), {}};
    const std::size_t batch = std::min<std::size_t>(samples_, 2);
    std::vector<const float*> from;
    std::vector<std::vector<float>> results;
    std::vector<float*> to;
    for (const auto& input : inputs_) from.push_back(input.data());
    for (const output_record& o : graph_.outputs) results.emplace_back(batch * size_of(o));
    for (auto& result : results) to.push_back(result.data());
    made.value->run(from, to, batch, engine::reference);
    for (std::size_t o = 0; o < results.size(); ++o)
      for (std::size_t i = 0; i < results[o].size(); ++i)
        if (!expected_.overflows[i / size_of(graph_.outputs[o])] && !allows(expected_.outputs[o][i], results[o][i]))
          return {finding::wrong_value, "the interpreter: " + difference(o, i, results[o][i]), {}};
    return {};
  }

  verdict run(const tools::jit_kernel& kernel, const call_plan& call, random_source random, statistics& counts) const {
    std::vector<std::unique_ptr<guarded_buffer>> memory;
    const auto allocate = [&](std::size_t count) -> guarded_buffer& {
      memory.push_back(std::make_unique<guarded_buffer>(count, random.chance(50) ? flush::front : flush::back));
      return *memory.back();
    };
    std::vector<const float*> inputs;
    std::vector<float*> outputs;
    for (const std::vector<float>& all : inputs_) {
      const std::size_t elements = all.size() / std::max<std::size_t>(samples_, 1);
      guarded_buffer& buffer = allocate(call.batch * elements);
      std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(call.first * elements), call.batch * elements,
                  buffer.data());
      buffer.make_read_only();
      inputs.push_back(buffer.data());
    }
    for (const output_record& o : graph_.outputs) {
      guarded_buffer& buffer = allocate(call.batch * size_of(o));
      buffer.fill(kUnwritten);
      outputs.push_back(buffer.data());
    }
    guarded_buffer& scratch = allocate((kernel.scratch_bytes() + sizeof(float) - 1) / sizeof(float));
    static constexpr std::uint32_t poisons[] = {0x7fc0beefu, 0x7f800000u, 0x7e967699u, 0xff7fffffu};
    scratch.fill(random.one_of(poisons));

    ordered_parts parts(call.parts, random);
    const inlay_parallel_for workers = parts.workers();
    const unsigned before = control_word();
    std::feclearexcept(FE_ALL_EXCEPT);
    const int status = kernel.run(inputs, outputs, call.batch, scratch.data(), call.parts == 0 ? nullptr : &workers);
    const int raised = std::fetestexcept(FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW);
    std::feclearexcept(FE_ALL_EXCEPT);
    if (t_.max_batch > 0 && call.batch > t_.max_batch) {
      if (status != kTooLargeBatch)
        return {finding::bad_status,
                where(call) + "limited to " + std::to_string(t_.max_batch) + ", it returned " + std::to_string(status),
                {}};
      for (std::size_t o = 0; o < outputs.size(); ++o)
        for (std::size_t i = 0; i < call.batch * size_of(graph_.outputs[o]); ++i)
          if (std::bit_cast<std::uint32_t>(outputs[o][i]) != kUnwritten)
            return {finding::bad_status, where(call) + "refused, but it has written to an output", {}};
      return {};
    }
    if (status != 0) return {finding::bad_status, where(call) + "the kernel returned " + std::to_string(status), {}};
    if (control_word() != before)
      return {finding::control, where(call) + "the kernel changed the floating-point control word", {}};
    for (std::size_t o = 0; o < outputs.size(); ++o) {
      const std::size_t size = size_of(graph_.outputs[o]);
      for (std::size_t i = 0; i < call.batch * size; ++i) {
        const float found = outputs[o][i];
        const std::size_t at = call.first * size + i;
        if (std::bit_cast<std::uint32_t>(found) == kUnwritten)
          return {
              finding::not_written,
              where(call) + "output '" + net_.outputs[o].name + "', element " + std::to_string(i) + " is not written",
              {}};
        const bounded& expected = expected_.outputs[o][at];
        if (!allows(expected, found)) return {finding::wrong_value, where(call) + difference(o, at, found), {}};
        ++counts.elements;
        if (expected.is_known()) ++counts.known;
        if (expected.error <= 1e-3 * std::max(1.0, std::abs(expected.value))) ++counts.tight;
      }
    }
    bool calm = true;
    for (std::size_t i = 0; i < call.batch; ++i) calm = calm && expected_.calm[call.first + i];
    if (calm && raised != 0) {
      std::string names;
      if (raised & FE_INVALID) names += " invalid";
      if (raised & FE_DIVBYZERO) names += " divide-by-zero";
      if (raised & FE_OVERFLOW) names += " overflow";
      return {finding::flags, where(call) + "all values are finite, but the kernel raised" + names, {}};
    }
    return {};
  }

 private:
  const trial& t_;
  const network& net_;
  const graph_view& graph_;
  const weights& weights_;
  std::size_t samples_ = 0;
  std::vector<std::vector<float>> inputs_;
  expectation expected_;

  std::size_t size_of(const output_record& o) const {
    return static_cast<std::size_t>(graph_.nodes[o.node].dims.elements());
  }

  std::string where(const call_plan& call) const {
    std::string text = "network '" + net_.name + "', batch " + std::to_string(call.batch);
    if (call.first > 0) text += " from sample " + std::to_string(call.first) + " on";
    if (call.parts > 0) text += ", " + std::to_string(call.parts) + " parts";
    return text + ": ";
  }

  /// The message for a wrong element `at` of output `o`, counted from sample 0.
  std::string difference(std::size_t o, std::size_t at, float found) const {
    const std::size_t size = size_of(graph_.outputs[o]);
    const bounded& expected = expected_.outputs[o][at];
    return "output '" + net_.outputs[o].name + "', sample " + std::to_string(at / size) + ", element " +
           std::to_string(at % size) + " is " + number_text(static_cast<double>(found)) + ", expected " +
           number_text(expected.value) + " +- " + number_text(expected.error);
  }
};

}  // namespace

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
  std::string error;
  const auto kernels = tools::jit_kernel::compile_all(graphs, all_weights,
                                                      {.cpu = t.cpu,
                                                       .bf16_weights = t.bf16,
                                                       .parallel = t.parallel,
                                                       .max_batch = t.max_batch,
                                                       .optimised = t.optimised},
                                                      error);
  if (kernels.empty()) {
    result.what = finding::compile_error, result.text = error;
    if (ignored(result)) result.what = finding::none;
    return result;
  }
  random_source layout(t.layout_seed);
  for (std::size_t n = 0; n < graphs.size(); ++n) {
    const network_check check(t, n, graphs[n], all_weights[n]);
    if (!settings.ignored.contains("interpreter"))
      if (verdict v = check.compare_interpreter(); !ignored(v)) return v;
    for (const call_plan& call : t.calls) {
      random_source of_call(layout.word());
      if (verdict v = check.run(*kernels[n], call, of_call, result.counts); !ignored(v)) return v;
    }
  }
  return result;
}

}  // namespace inlay::fuzz
