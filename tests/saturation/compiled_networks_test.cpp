// SPDX-License-Identifier: Apache-2.0
// Tests that no value of a compiled network leaves the bounds that intervals find for it.
#include <gtest/gtest.h>

#include <cstdlib>

#include "jit_kernel.hpp"
#include "random_trial.hpp"

namespace inlay::fuzz {
namespace {

using saturation::interval;

constexpr std::size_t kSamples = 9;

void run(const tools::jit_kernel& kernel, const bounded_trial& t, std::vector<std::vector<float>>& results) {
  std::vector<float*> outputs;
  for (std::vector<float>& each : results) outputs.push_back(each.data());
  const auto aligned = [](std::size_t bytes) {
    return std::unique_ptr<void, decltype(&std::free)>(std::aligned_alloc(64, (bytes + 127) / 64 * 64), &std::free);
  };
  const auto scratch = aligned(kernel.scratch_bytes());
  const std::vector<const float*> inputs = t.pointers();
  if (!remembers(t.builder.view())) {
    EXPECT_EQ(kernel.run(inputs, outputs, kSamples, scratch.get()), 0);
    return;
  }
  const auto memory = aligned(kernel.memory_bytes());
  kernel.reset(memory.get());
  EXPECT_EQ(kernel.run_steps(inputs, outputs, kSamples, memory.get(), scratch.get()), 0);
}

/// Compiles networks of 6 statements and checks their values. Returns how many values had bounds.
std::size_t check(std::uint64_t seed, bool bf16) {
  random_source random(seed, 5);
  const bounded_trial t(random, {.most_nodes = 6, .most_elements = 300, .most_weights = 5000}, kSamples);
  const graph_view graph = t.builder.view();
  if (graph.outputs.size() + t.inputs.size() > tools::jit_kernel::most_pointers) return 0;
  std::vector<saturation::bounds> bounds;
  saturation::visit_bounds(graph, t.w, {t.ranges, bf16 ? 0x1p-8 : 0},
                           [&](const saturation::node_view&, std::uint32_t, const saturation::bounds& each,
                               const std::string&) { bounds.push_back(each); });
  std::string error;
  const auto kernel = tools::jit_kernel::compile(graph, t.w, {.bf16_weights = bf16, .optimised = false}, error);
  EXPECT_NE(kernel, nullptr) << error;
  if (kernel == nullptr) return 0;
  std::vector<std::vector<float>> results;
  for (const output_record& output : graph.outputs)
    results.emplace_back(kSamples * graph.nodes[output.node].dims.size());
  run(*kernel, t, results);
  std::size_t known = 0;
  for (std::size_t o = 0; o < results.size(); ++o)
    for (std::size_t i = 0; i < results[o].size(); ++i) {
      const std::uint32_t node = graph.outputs[o].node;
      const interval& b = bounds[node][i % graph.nodes[node].dims.size()];
      if (!b.is_known()) continue;
      ++known;
      EXPECT_TRUE(b.holds(static_cast<double>(results[o][i])))
          << "seed " << seed << (bf16 ? ", bf16" : "") << ", node " << node << " ("
          << row_of(graph.nodes[node].kind).name << "): " << results[o][i] << " in [" << b.low << ", " << b.high
          << "]\n"
          << dsl_source(t.net);
    }
  return known;
}

TEST(CompiledNetworks, KeepTheirBounds) {
  std::size_t known = 0;
  for (std::uint64_t seed = 0; seed < 120 && !HasFailure(); ++seed) known += check(seed, seed % 4 == 3);
  std::printf("%zu values have bounds\n", known);
  EXPECT_GT(known, 100000u);
}

}  // namespace
}  // namespace inlay::fuzz
