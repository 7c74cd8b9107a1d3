// SPDX-License-Identifier: Apache-2.0
// Tests dense layers with every remainder in every dimension.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "kernel_harness.hpp"

namespace inlay::testing {
namespace {

constexpr std::size_t kBatches[] = {0, 1, 2, 3, 4, 5, 6, 13, 14, 15, 19, 33};

class Dense : public ::testing::TestWithParam<std::string> {};

TEST_P(Dense, EveryWidthAndDepth) {
  std::mt19937 random(1);
  for (std::uint32_t outputs : {1u, 2u, 3u, 4u, 5u, 8u, 10u, 15u, 16u, 17u, 31u, 32u, 33u, 48u, 65u, 130u, 257u})
    for (std::uint32_t inputs : {1u, 2u, 3u, 7u, 8u, 17u, 64u}) {
      graph_builder b("dense");
      const auto x = b.input("x", {1, {inputs}});
      b.output(dense(b, "fc", x, inputs, outputs, outputs % 2 == 0), "y");
      b.finish();
      ASSERT_EQ(compare_with_interpreter(b, GetParam(), kBatches, random), "") << inputs << " -> " << outputs;
    }
}

TEST_P(Dense, OneOutputOfARegister) {
  std::mt19937 random(10);
  for (const std::uint32_t hidden : {1u, 2u, 3u, 4u, 5u, 8u, 16u})
    for (const bool bias : {false, true}) {
      graph_builder b("gate");
      const auto x = b.input("x", {1, {3}});
      const instruction squash[] = {{.code = scalar_op::operand, .a = 0}, apply(activation::tanh, 0)};
      const instruction gate[] = {{.code = scalar_op::operand, .a = 0}, apply(activation::sigmoid, 0)};
      const std::uint32_t sums[] = {dense(b, "fc1", x, 3, hidden, bias)};
      const std::uint32_t sum[] = {dense(b, "fc2", b.map(sums, squash, {1, {hidden}}), hidden, 1, bias)};
      b.output(b.map(sum, gate, {1, {1}}), "y");
      b.finish();
      ASSERT_EQ(compare_with_interpreter(b, GetParam(), kBatches, random), "") << hidden;
    }
}

TEST_P(Dense, OneOutputOfADeepLayer) {
  // With more than half a megabyte of weights, blocks of several row tiles sum in slabs. The activation of the single
  // element comes after the last slab.
  std::mt19937 random(12);
  graph_builder b("classifier");
  const auto h = dense(b, "fc1", b.input("x", {1, {120}}), 120, 1100);
  const instruction gate[] = {{.code = scalar_op::operand, .a = 0},
                              {.code = scalar_op::literal, .p0 = 0.01f},
                              {.code = scalar_op::multiply, .a = 0, .b = 1},
                              apply(activation::sigmoid, 2)};
  const std::uint32_t sum[] = {dense(b, "fc2", h, 1100, 1)};
  b.output(b.map(sum, gate, {1, {1}}), "y");
  b.finish();
  constexpr std::size_t batches[] = {1, 14, 57, 113};
  EXPECT_EQ(compare_with_interpreter(b, GetParam(), batches, random, {.tolerance = 1e-4}), "");
}

TEST_P(Dense, EveryElementOfALayerIsComputedAlike) {
  // 17 elements are a vector and one element, which must not use the code for layers with one element.
  graph_builder b("alike");
  const auto x = b.input("x", {1, {17}});
  const std::uint32_t operands[] = {x};
  const instruction program[] = {{.code = scalar_op::operand, .a = 0}, apply(activation::sigmoid, 0)};
  b.output(b.map(operands, program, {1, {17}}), "y");
  b.finish();
  const auto kernel = compile(b, {}, {.cpu = GetParam()});
  std::vector<std::byte> scratch(kernel->scratch_bytes());
  std::mt19937 random(11);
  for (int i = 0; i < 1000; ++i) {
    const std::vector<float> input(17, std::uniform_real_distribution<float>(-8, 8)(random));
    std::vector<float> output(17);
    const float* const in[] = {input.data()};
    float* const out[] = {output.data()};
    ASSERT_EQ(kernel->run(in, out, 1, scratch.data()), 0);
    ASSERT_EQ(output, std::vector<float>(17, output[0])) << input[0];
  }
}

TEST_P(Dense, EpilogueWithResidualAndActivation) {
  std::mt19937 random(2);
  for (std::uint32_t width : {1u, 3u, 8u, 16u, 31u, 33u, 70u}) {
    graph_builder b("residual");
    const auto x = b.input("x", {1, {width}});
    const auto h = dense(b, "fc1", x, width, width, true);
    const std::uint32_t operands[] = {h, x};
    const instruction program[] = {{.code = scalar_op::operand, .a = 0},
                                   {.code = scalar_op::operand, .a = 1},
                                   {.code = scalar_op::add, .a = 0, .b = 1},
                                   apply(activation::tanh, 2)};
    const auto r = b.map(operands, program, {1, {width}});
    // The second layer's residual is not read again, so the layer overwrites it.
    const auto h2 = dense(b, "fc2", r, width, width, false);
    const std::uint32_t again[] = {h2, r};
    const auto r2 = b.map(again, program, {1, {width}});
    b.output(dense(b, "fc3", r2, width, 5, true), "y");
    b.finish();
    ASSERT_EQ(compare_with_interpreter(b, GetParam(), kBatches, random, {.tolerance = 1e-4}), "") << width;
  }
}

TEST_P(Dense, SeveralReadersKeepTheirOwnValue) {
  // An activation, a second layer and an output read fc1, so the activated value must not replace it.
  std::mt19937 random(3);
  graph_builder b("shared");
  const auto x = b.input("x", {1, {9}});
  const auto h = dense(b, "fc1", x, 9, 21, true);
  const instruction program[] = {{.code = scalar_op::operand, .a = 0}, apply(activation::relu, 0)};
  const std::uint32_t operands[] = {h};
  b.output(b.map(operands, program, {1, {21}}), "activated");
  b.output(dense(b, "fc2", h, 21, 4, true), "second");
  b.output(h, "first");
  b.finish();
  EXPECT_EQ(compare_with_interpreter(b, GetParam(), kBatches, random), "");
}

/// (x - mean) * factor + shift, with mean, factor and shift as weights, then relu if `activated`.
std::uint32_t normalise(graph_builder& b, const char* name, std::uint32_t x, std::uint32_t width, bool activated) {
  b.enter_scope(name);
  const std::uint32_t operands[] = {x, b.parameter("mean", {1, {width}}), b.parameter("factor", {1, {width}}),
                                    b.parameter("shift", {1, {width}})};
  b.leave_scope();
  std::vector<instruction> program;
  for (std::uint32_t i = 0; i < 4; ++i) program.push_back({.code = scalar_op::operand, .a = i});
  program.push_back({.code = scalar_op::subtract, .a = 0, .b = 1});
  program.push_back({.code = scalar_op::multiply, .a = 4, .b = 2});
  program.push_back({.code = scalar_op::add, .a = 5, .b = 3});
  if (activated) program.push_back(apply(activation::relu, 6));
  return b.map(operands, program, {1, {width}});
}

// Folds a normalised input, batch norm before and after an activation, and two linear layers in a row.
TEST_P(Dense, FoldsWhatIsLinear) {
  std::mt19937 random(8);
  for (std::uint32_t width : {1u, 5u, 16u, 33u})
    for (const bool activated : {false, true}) {
      graph_builder b("folded");
      const auto x = b.input("x", {1, {width}});
      const auto h = dense(b, "fc1", normalise(b, "in", x, width, false), width, width + 3, activated);
      const auto n = normalise(b, "bn", h, width + 3, activated);
      const auto g = dense(b, "fc3", dense(b, "fc2", n, width + 3, 7, true), 7, 2, true);
      b.output(normalise(b, "out", g, 2, false), "y");
      b.finish();
      ASSERT_EQ(compare_with_interpreter(b, GetParam(), kBatches, random, {.tolerance = 1e-4}), "") << width;
    }
}

TEST_P(Dense, BlocksOfManyTiles) {
  // Weights larger than a second-level cache give blocks of several row tiles, rows of 512 elements are padded, and the
  // costly epilogue loops over the tile's stored results.
  constexpr std::size_t batches[] = {1, 2, 13, 55, 56, 57, 113};
  std::mt19937 random(4);
  graph_builder b("wide");
  const auto x = b.input("x", {1, {512}});
  const auto h = dense(b, "fc1", x, 512, 301, true);
  const instruction program[] = {{.code = scalar_op::operand, .a = 0}, apply(activation::gelu, 0)};
  const std::uint32_t operands[] = {h};
  b.output(dense(b, "fc2", b.map(operands, program, {1, {301}}), 301, 17, true), "y");
  b.finish();
  EXPECT_EQ(compare_with_interpreter(b, GetParam(), batches, random, {.tolerance = 1e-3}), "");
}

TEST_P(Dense, DeepLayersInSlabs) {
  // Odd and even depths of several slabs, with few rows and with many; and a layer whose residual lies where partial
  // sums would be stored.
  constexpr std::size_t batches[] = {1, 2, 5, 13, 27, 28, 57};
  std::mt19937 random(9);
  for (const std::uint32_t depth : {2049u, 2304u}) {
    graph_builder b("deep");
    const auto x = b.input("x", {1, {depth}});
    const auto h = dense(b, "fc1", x, depth, 79, true);
    const std::uint32_t sums[] = {dense(b, "fc2", h, 79, 2100, true)};
    const instruction squash[] = {{.code = scalar_op::operand, .a = 0}, apply(activation::sigmoid, 0)};
    const auto r = dense(b, "fc3", b.map(sums, squash, {1, {2100}}), 2100, 79, true);
    const std::uint32_t operands[] = {r, h};
    const instruction program[] = {{.code = scalar_op::operand, .a = 0},
                                   {.code = scalar_op::operand, .a = 1},
                                   {.code = scalar_op::add, .a = 0, .b = 1}};
    b.output(b.map(operands, program, {1, {79}}), "y");
    b.finish();
    EXPECT_EQ(compare_with_interpreter(b, GetParam(), batches, random, {.tolerance = 1e-3}), "") << depth;
  }
}

TEST_P(Dense, SkipsZeros) {
  // With relu about half of the elements are zero, at all positions; with sigmoid none are, so the layer returns to the
  // dense loop. Either the compiler or the network decides about skipping.
  std::mt19937 random(5);
  for (const zeros zero_inputs : {zeros::automatic, zeros::skip, zeros::multiply})
    for (const activation function : {activation::relu, activation::sigmoid})
      for (const auto& [hidden, outputs] : {std::pair{130u, 131u}, std::pair{17u, 3u}, std::pair{64u, 200u}}) {
        graph_builder b("sparse");
        const auto x = b.input("x", {1, {9}});
        const instruction program[] = {{.code = scalar_op::operand, .a = 0}, apply(function, 0)};
        const std::uint32_t operands[] = {dense(b, "fc1", x, 9, hidden, true)};
        const auto h = b.map(operands, program, {1, {hidden}});
        b.output(dense(b, "fc2", h, hidden, outputs, true, zero_inputs), "y");
        b.finish();
        ASSERT_EQ(compare_with_interpreter(b, GetParam(), kBatches, random, {.tolerance = 1e-4}), "")
            << hidden << " -> " << outputs << " zeros " << static_cast<int>(zero_inputs);
      }
}

TEST_P(Dense, SkippingKeepsNan) {
  // NaN is not skipped, and an input with only zeros gives the bias.
  graph_builder b("nan");
  const auto x = b.input("x", {1, {40}});
  b.output(dense(b, "fc", x, 40, 5, true, zeros::skip), "y");
  b.finish();
  std::mt19937 random(6);
  const weights w = random_weights(b.view(), random);
  std::string error;
  const auto kernel = tools::jit_kernel::compile(b.view(), w, {.cpu = GetParam()}, error);
  ASSERT_TRUE(kernel) << error;
  std::vector<float> input(40, 0.0f), output(5);
  std::vector<std::byte> scratch(kernel->scratch_bytes());
  const float* const inputs[] = {input.data()};
  float* const outputs[] = {output.data()};
  ASSERT_EQ(kernel->run(inputs, outputs, 1, scratch.data()), 0);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(output[i], w.find("fc.bias")->values[i]);
  input[33] = std::nanf("");
  ASSERT_EQ(kernel->run(inputs, outputs, 1, scratch.data()), 0);
  for (float y : output) EXPECT_TRUE(std::isnan(y));
}

TEST_P(Dense, Bf16Weights) {
  // Compares the compiler's rounding with the interpreter on weights that are rounded here, to nearest, ties to even.
  // Biases stay f32.
  std::mt19937 random(7);
  struct shape {
    std::uint32_t inputs, hidden, outputs;
  };
  for (const auto& [inputs, hidden, outputs] :
       {shape{130, 70, 5}, shape{7, 3, 5}, shape{40, 33, 5}, shape{7, 8, 1}, shape{5, 16, 1}}) {
    graph_builder b("half");
    const auto x = b.input("x", {1, {inputs}});
    const instruction program[] = {{.code = scalar_op::operand, .a = 0}, apply(activation::relu, 0)};
    const std::uint32_t operands[] = {dense(b, "fc1", x, inputs, hidden, true)};
    const auto h = b.map(operands, program, {1, {hidden}});
    b.output(dense(b, "fc2", h, hidden, outputs, true, zeros::skip), "y");
    b.finish();
    const weights w = random_weights(b.view(), random);
    weights rounded = w;
    for (weight_tensor& tensor : rounded.tensors)
      if (tensor.name.ends_with(".weight"))
        for (float& each : tensor.values) {
          const auto bits = std::bit_cast<std::uint32_t>(each);
          each = std::bit_cast<float>((bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff0000);
        }
    std::string error;
    const auto kernel = tools::jit_kernel::compile(b.view(), w, {.cpu = GetParam(), .bf16_weights = true}, error);
    ASSERT_TRUE(kernel) << error;
    const auto interpreted = interpreter::create(b.view(), rounded);
    std::vector<std::byte> scratch(kernel->scratch_bytes());
    for (const std::size_t batch : kBatches) {
      std::vector<float> input(batch * inputs), found(batch * outputs), expected(batch * outputs);
      for (float& each : input) each = std::uniform_real_distribution<float>(-1, 1)(random);
      const float* const in[] = {input.data()};
      float* const out[] = {found.data()};
      if (batch == 0) continue;
      ASSERT_EQ(kernel->run(in, out, batch, scratch.data()), 0);
      interpreted.value->run(input.data(), expected.data(), batch, engine::reference);
      for (std::size_t i = 0; i < found.size(); ++i)
        ASSERT_NEAR(found[i], expected[i], 1e-5 * std::max(1.0f, std::abs(expected[i]))) << "batch " << batch;
    }
  }
}

TEST_P(Dense, Bf16WeightsNeedNoLibraryAtAnyWidth) {
  std::mt19937 random(8);
  constexpr std::uint32_t widths[] = {1, 2, 3, 4, 5, 7, 8, 13, 16, 27, 33};
  for (const std::uint32_t inputs : {3u, 16u})
    for (const std::uint32_t first : widths)
      for (const std::uint32_t second : {27u, 40u - first}) {
        graph_builder b("halves");
        const auto s = b.softmax(b.input("x", {1, {inputs}}));
        const std::uint32_t pieces[] = {b.log_softmax(dense(b, "a", s, inputs, first)),
                                        dense(b, "b", s, inputs, second, /*bias=*/false)};
        b.output(b.concat(pieces, 0), "y");
        b.finish();
        const weights w = random_weights(b.view(), random);
        std::string error;
        EXPECT_TRUE(tools::jit_kernel::compile(b.view(), w, {.cpu = GetParam(), .bf16_weights = true}, error)) << error;
        if (GetParam() != "native" || inputs != 3) continue;
        const tools::jit_target arm = {.triple = "aarch64-linux-gnu", .cpu = "generic", .bf16_weights = true};
        EXPECT_TRUE(tools::jit_kernel::compile(b.view(), w, arm, error)) << error;
      }
}

INSTANTIATE_TEST_SUITE_P(Cpus, Dense, ::testing::ValuesIn(runnable_cpus()), name_of_cpu);

}  // namespace
}  // namespace inlay::testing
