// SPDX-License-Identifier: Apache-2.0
// Tests kernels with a sample in each lane, which small networks have for batches: every number of inputs and outputs
// that is transposed in another way, every rest of a batch, operands that are broadcast, views, constants and bf16.
#include <gtest/gtest.h>

#include <numeric>

#include "Inlay/Network/Summary.h"
#include "kernel_harness.hpp"

namespace inlay::testing {
namespace {

class Lanes : public ::testing::TestWithParam<std::string> {};

/// All batches up to two blocks of 16 samples and a rest, and larger ones.
std::vector<std::size_t> many_batches() {
  std::vector<std::size_t> batches(40);
  std::iota(batches.begin(), batches.end(), 0);
  batches.insert(batches.end(), {63, 64, 65, 70, 255});
  return batches;
}

std::uint32_t activated(graph_builder& b, activation function, std::uint32_t x, std::uint32_t width) {
  const std::uint32_t operands[] = {x};
  const instruction program[] = {{.code = scalar_op::operand, .a = 0}, apply(function, 0)};
  return b.map(operands, program, {1, {width}});
}

/// Dense layers of these widths, the first one the number of inputs, with `function` between them.
graph_builder chain(std::span<const std::uint32_t> widths, activation function) {
  graph_builder b("chain");
  std::uint32_t x = b.input("x", {1, {widths[0]}});
  for (std::size_t i = 1; i < widths.size(); ++i) {
    const std::string name = "fc" + std::to_string(i);
    x = dense(b, name.c_str(), x, widths[i - 1], widths[i], i % 2 == 1);
    if (i + 1 < widths.size()) x = activated(b, function, x, widths[i]);
  }
  b.output(x, "y");
  return b;
}

void expect_lanes(graph_builder& b, const std::string& cpu) {
  ASSERT_FALSE(b.finish());
  std::mt19937 random(7);
  EXPECT_GE(compile(b, random_weights(b.view(), random), {.cpu = cpu})->summary().samplesInLanes, 4);
  EXPECT_EQ(compare_with_interpreter(b, cpu, many_batches(), random), "");
}

TEST_P(Lanes, ComputeChainsOfAnyWidths) {
  const std::vector<std::uint32_t> chains[] = {{1, 8, 8, 8, 1}, {2, 8, 1},    {3, 5, 2}, {4, 3, 2},
                                               {5, 7, 3},       {6, 6, 6},    {7, 1, 7}, {8, 4},
                                               {9, 2, 5},       {1, 1, 1, 1}, {40, 3},   {17, 8, 4}};
  for (const std::vector<std::uint32_t>& widths : chains) {
    SCOPED_TRACE(widths[0] * 100 + widths.back());
    graph_builder b = chain(widths, activation::tanh);
    expect_lanes(b, GetParam());
  }
}

TEST_P(Lanes, ComputeBatchesOfWiderLayersWithoutAllLanes) {
  const std::uint32_t widths[] = {12, 9, 9, 1};
  graph_builder b = chain(widths, activation::sigmoid);
  expect_lanes(b, GetParam());
}

TEST_P(Lanes, ReadResidualsAndNumbersOfOneElement) {
  graph_builder b("residual");
  const auto x = b.input("x", {1, {6}}), gain = b.input("gain", {1, {1}});
  const auto h = dense(b, "fc1", x, 6, 6), trained = b.parameter("offset", {1, {6}});
  // tanh(h) * gain + x + offset
  const std::uint32_t operands[] = {h, gain, x, trained};
  const instruction program[] = {{.code = scalar_op::operand, .a = 0},
                                 {.code = scalar_op::operand, .a = 1},
                                 {.code = scalar_op::operand, .a = 2},
                                 {.code = scalar_op::operand, .a = 3},
                                 apply(activation::tanh, 0),
                                 {.code = scalar_op::multiply, .a = 4, .b = 1},
                                 {.code = scalar_op::add, .a = 5, .b = 2},
                                 {.code = scalar_op::add, .a = 6, .b = 3}};
  const auto y = b.map(operands, program, {1, {6}});
  b.output(y, "y");
  b.output(b.reshape(dense(b, "fc2", y, 6, 4), {2, {2, 2}}), "matrix");
  b.output(x, "again");
  expect_lanes(b, GetParam());
}

TEST_P(Lanes, ReadPartsOfValues) {
  graph_builder b("parts");
  const auto x = b.input("x", {1, {7}});
  const std::uint32_t h[] = {dense(b, "fc1", x, 7, 8)};
  const auto low = b.apply(op::slice, h, words_of(ops::slice_attributes{0, 0, 3}));
  const auto high = b.apply(op::slice, h, words_of(ops::slice_attributes{0, 3, 5}));
  b.output(dense(b, "fc2", low, 3, 2), "low");
  b.output(activated(b, activation::softplus, high, 5), "high");
  expect_lanes(b, GetParam());
}

TEST_P(Lanes, ComputeSoftmax) {
  for (const std::uint32_t width : {1u, 3u, 8u}) {
    graph_builder b("policy");
    const auto x = b.input("x", {1, {5}});
    const auto h = dense(b, "fc1", x, 5, width);
    b.output(b.softmax(h), "probabilities");
    b.output(b.log_softmax(h), "logarithms");
    b.output(b.softmax(b.reshape(dense(b, "fc2", x, 5, 6), {2, {3, 2}})), "pairs");
    expect_lanes(b, GetParam());
  }
}

TEST_P(Lanes, ReadWeightsThatAreStoredAsBf16) {
  const std::uint32_t widths[] = {5, 7, 3};
  graph_builder b = chain(widths, activation::relu);
  ASSERT_FALSE(b.finish());
  std::mt19937 random(9);
  const weights w = random_weights(b.view(), random);
  const auto kernel = compile(b, w, {.cpu = GetParam(), .bf16_weights = true});
  ASSERT_GT(kernel->summary().samplesInLanes, 0);
  // A batch computes what single samples do, up to the order of sums.
  std::vector<float> x(70 * 5), y(70 * 3), single(3);
  for (float& each : x) each = std::uniform_real_distribution<float>(-1, 1)(random);
  std::vector<float> scratch(kernel->scratch_bytes() / 4 + 1);
  const float* in[] = {x.data()};
  float* out[] = {y.data()};
  ASSERT_EQ(kernel->run(in, out, 70, scratch.data()), 0);
  for (std::size_t sample = 0; sample < 70; ++sample) {
    const float* one[] = {&x[sample * 5]};
    float* result[] = {single.data()};
    ASSERT_EQ(kernel->run(one, result, 1, scratch.data()), 0);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(single[i], y[sample * 3 + i], 1e-5f) << sample;
  }
}

TEST_P(Lanes, AreLeftOutWhereTheyAreNotAllowedOrSlower) {
  const std::uint32_t small[] = {5, 7, 3}, wide[] = {16, 64, 64};
  std::mt19937 random(9);
  const auto samples = [&](graph_builder b, tools::jit_target target) {
    EXPECT_FALSE(b.finish());
    target.cpu = GetParam();
    return compile(b, random_weights(b.view(), random), target)->summary().samplesInLanes;
  };
  EXPECT_GT(samples(chain(small, activation::relu), {}), 0);
  EXPECT_EQ(samples(chain(small, activation::relu), {.max_batch = 3}), 0);
  if (GetParam() != "x86-64") {  // without fused multiply-add no code is reproducible
    EXPECT_EQ(samples(chain(small, activation::relu), {.reproducible = true}), 0);
  }
  EXPECT_EQ(samples(chain(wide, activation::relu), {}), 0);
}

INSTANTIATE_TEST_SUITE_P(Cpus, Lanes, ::testing::ValuesIn(runnable_cpus()), name_of_cpu);

}  // namespace
}  // namespace inlay::testing
