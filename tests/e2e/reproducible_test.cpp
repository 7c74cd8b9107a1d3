// SPDX-License-Identifier: Apache-2.0
// Tests --reproducible: a sample gives the same bits in every batch, with any number of threads and on every processor
// with fused multiply-add. The network has layers with one output, with few, with remainders, with sums in slabs and
// with sparse inputs, and softmax of rows that stay in registers and of rows that do not.
#include <gtest/gtest.h>

#include <bit>

#include "kernel_harness.hpp"

namespace inlay::testing {
namespace {

std::uint32_t activated(graph_builder& b, std::uint32_t x, activation function) {
  const instruction program[] = {{.code = scalar_op::operand, .a = 0}, apply(function, 0)};
  const std::uint32_t operands[] = {x};
  return b.map(operands, program, b.view().nodes[x].dims);
}

constexpr std::uint32_t kInputs = 37, kOutputs = 1 + 70 + 10 + 3;

void build(graph_builder& b) {
  const auto x = b.input("x", {1, {kInputs}});
  const auto wide = activated(b, dense(b, "wide", x, kInputs, 1100), activation::relu);
  const auto deep = activated(b, dense(b, "deep", wide, 1100, 300), activation::gelu);
  const auto small = activated(b, dense(b, "small", deep, 300, 5, true, zeros::skip), activation::tanh);
  const std::uint32_t pieces[] = {
      activated(b, dense(b, "gate", small, 5, 1), activation::sigmoid), b.softmax(dense(b, "many", deep, 300, 70)),
      b.log_softmax(dense(b, "few", small, 5, 10)), activated(b, dense(b, "rest", small, 5, 3), activation::softplus)};
  b.output(b.concat(pieces, 0), "y");
  b.finish();
}

/// The bits of the outputs, computed in batches of `batch` samples.
std::vector<std::uint32_t> bits(const tools::jit_kernel& kernel, std::span<const float> inputs, std::size_t batch,
                                std::size_t parts) {
  const std::size_t samples = inputs.size() / kInputs;
  std::vector<float> outputs(samples * kOutputs);
  std::vector<std::byte> scratch(kernel.scratch_bytes() + 64);
  const inlay_parallel_for workers = {run_backwards, &parts};
  for (std::size_t first = 0; first < samples; first += batch) {
    const float* const in[] = {inputs.data() + first * kInputs};
    float* const out[] = {outputs.data() + first * kOutputs};
    EXPECT_EQ(kernel.run(in, out, std::min(batch, samples - first), scratch.data(), parts == 0 ? nullptr : &workers),
              0);
  }
  std::vector<std::uint32_t> result;
  for (const float each : outputs) result.push_back(std::bit_cast<std::uint32_t>(each));
  return result;
}

TEST(Reproducible, BatchThreadsAndProcessor) {
  graph_builder b("reproducible");
  build(b);
  std::mt19937 random(1);
  weights w = random_weights(b.view(), random);
  // Scale weights for sums of about 1, where neither softmax nor tanh is flat.
  for (weight_tensor& tensor : w.tensors)
    if (tensor.shape.size() == 2)
      for (float& each : tensor.values) each /= std::sqrt(static_cast<float>(tensor.shape[1]));
  std::vector<float> inputs(97 * kInputs);
  for (float& each : inputs) each = std::uniform_real_distribution<float>(-2, 2)(random);

  std::vector<std::uint32_t> expected;
  for (const std::string& cpu : runnable_cpus()) {
    if (cpu == "x86-64") continue;  // has no fused multiply-add
    const auto kernel = compile(b, w, {.cpu = cpu, .parallel = true, .reproducible = true});
    for (const std::size_t batch : {1u, 2u, 6u, 15u, 40u, 97u})
      for (const std::size_t parts : {0u, 1u, 3u, 7u}) {
        const auto found = bits(*kernel, inputs, batch, parts);
        if (expected.empty()) expected = found;
        ASSERT_EQ(found, expected) << cpu << ", batches of " << batch << ", " << parts << " parts";
      }
  }
}

TEST(Reproducible, AgreesWithTheInterpreter) {
  graph_builder b("reproducible");
  build(b);
  std::mt19937 random(2);
  constexpr std::size_t batches[] = {1, 16, 57};
  for (const std::string& cpu : runnable_cpus()) {
    if (cpu == "x86-64") continue;
    EXPECT_EQ(compare_with_interpreter(b, cpu, batches, random, {.tolerance = 1e-2, .reproducible = true}), "");
  }
}

TEST(Reproducible, NeedsFusedMultiplyAdd) {
  graph_builder b("reproducible");
  build(b);
  std::mt19937 random(3);
  std::string error;
  EXPECT_EQ(tools::jit_kernel::compile(b.view(), random_weights(b.view(), random),
                                       {.cpu = "x86-64", .reproducible = true}, error),
            nullptr);
  EXPECT_NE(error.find("has no fused multiply-add"), std::string::npos) << error;
}

}  // namespace
}  // namespace inlay::testing
