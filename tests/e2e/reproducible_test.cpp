// SPDX-License-Identifier: Apache-2.0
// Tests --reproducible: a sample gives the same bits in every batch, with any number of threads and on every processor
// with fused multiply-add. The network has layers with one output, with few, with remainders, with sums in slabs and
// with sparse inputs, and softmax of rows that stay in registers and of rows that do not.
#include <gtest/gtest.h>

#include <bit>

#include "inlay/dsl.hpp"
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
std::vector<std::uint32_t> bits(const tools::jit_kernel& kernel, std::span<const float> inputs, std::size_t samples,
                                std::size_t output_size, std::size_t batch, std::size_t parts) {
  const std::size_t input_size = inputs.size() / samples;
  std::vector<float> outputs(samples * output_size);
  std::vector<std::byte> scratch(kernel.scratch_bytes() + 64);
  const inlay_parallel_for workers = {run_backwards, &parts};
  for (std::size_t first = 0; first < samples; first += batch) {
    const float* const in[] = {inputs.data() + first * input_size};
    float* const out[] = {outputs.data() + first * output_size};
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
        const auto found = bits(*kernel, inputs, 97, kOutputs, batch, parts);
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

// A sum of products that are too small for a float is -0 or 0. Which of them must not depend on how many of the zeros
// around an image a tile reads.
TEST(Reproducible, SumsOfNothingBesideBorders) {
  const auto check = [](const auto& net) {
    graph_builder b(net.name);
    detail::trace(net, b);
    const graph_view graph = b.view();
    const std::size_t input_size = graph.nodes[0].dims.size();
    const std::size_t output_size = graph.nodes[graph.outputs[0].node].dims.size();
    std::mt19937 random(4);
    weights w = random_weights(b.view(), random);
    for (weight_tensor& tensor : w.tensors)
      for (float& each : tensor.values) each = random() % 2 == 0 ? -1e-30f : 1e-30f;
    std::vector<float> inputs(21 * input_size);
    for (float& each : inputs) each = random() % 8 == 0 ? (random() % 2 == 0 ? -1e-30f : 1e-30f) : 0;
    std::vector<std::uint32_t> expected;
    for (const std::string& cpu : runnable_cpus()) {
      if (cpu == "x86-64") continue;
      for (const bool parallel : {false, true}) {
        const auto kernel = compile(b, w, {.cpu = cpu, .parallel = parallel, .reproducible = true});
        for (const std::size_t batch : {1u, 21u})
          for (const std::size_t parts : {0u, 3u}) {
            if (parts > 0 && !parallel) continue;
            const auto found = bits(*kernel, inputs, 21, output_size, batch, parts);
            if (expected.empty()) expected = found;
            ASSERT_EQ(found, expected) << net.name << ", " << cpu << ", batches of " << batch << ", " << parts
                                       << " parts";
          }
      }
    }
    EXPECT_TRUE(std::ranges::count(expected, 0x80000000u) > 0) << net.name << ": no sum is -0";
  };
  check(network("line", input<f32, 1, 1, 7>("x"),
                [](auto x) { return conv2d<1, 3, 4>("conv", x, padding<1, 0, 2, 0>, no_bias); }));
  check(
      network("square", input<f32, 3, 7, 5>("x"), [](auto x) { return conv2d<5, 3>("conv", x, padding<1>, no_bias); }));
  check(network("wide", input<f32, 2, 9, 33>("x"),
                [](auto x) { return conv2d<17, 5>("conv", x, padding<2>, stride<2>, no_bias); }));
  check(network("depthwise", input<f32, 18, 6, 7>("x"),
                [](auto x) { return conv2d<18, 3>("conv", x, padding<1>, groups<18>, no_bias); }));
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
