// SPDX-License-Identifier: Apache-2.0
// Tests layers of one to four features and many inputs, which sum along the inputs: depths around whole registers,
// batches around tiles, epilogues with residuals, infinities and NaN, bf16, several threads, and no exception flags.
#include <gtest/gtest.h>

#include <cfenv>
#include <cmath>
#include <limits>

#include "kernel_harness.hpp"

namespace inlay::testing {
namespace {

class FewFeatures : public ::testing::TestWithParam<std::string> {};

constexpr std::size_t batches[] = {0, 1, 2, 3, 5, 8, 9, 17, 40};

TEST_P(FewFeatures, AddAllProducts) {
  std::mt19937 random(5);
  for (const std::uint32_t depth : {63u, 64u, 65u, 79u, 100u, 127u, 129u, 500u, 2048u})
    for (const std::uint32_t features : {1u, 2u, 3u, 4u}) {
      graph_builder b("narrow");
      const auto x = b.input("x", {1, {depth}});
      b.output(dense(b, "fc", x, depth, features, depth % 2 == 0), "y");
      ASSERT_FALSE(b.finish());
      EXPECT_EQ(compare_with_interpreter(b, GetParam(), batches, random, {.tolerance = 2e-4}), "")
          << depth << " -> " << features;
    }
}

TEST_P(FewFeatures, MultiplyInfinitiesOnlyByTheirOwnWeights) {
  // Behind the last input the registers are filled up with zeros, and zero times infinity is NaN.
  for (const std::uint32_t depth : {64u, 65u, 79u})
    for (const std::uint32_t place : {0u, 15u, 63u, depth - 1}) {
      graph_builder b("narrow");
      const auto x = b.input("x", {1, {depth}});
      b.output(dense(b, "fc", x, depth, 3), "y");
      ASSERT_FALSE(b.finish());
      std::mt19937 random(depth + place);
      const weights w = random_weights(b.view(), random);
      const auto kernel = compile(b, w, {.cpu = GetParam()});
      std::vector<float> in(5 * depth, 1.0f), out(5 * 3), scratch(kernel->scratch_bytes() / 4 + 1);
      in[2 * depth + place] = -std::numeric_limits<float>::infinity();
      in[4 * depth + place] = std::numeric_limits<float>::quiet_NaN();
      const float* inputs[] = {in.data()};
      float* outputs[] = {out.data()};
      for (const std::size_t samples : {1u, 5u}) {
        for (std::size_t first = 0; first < 5; first += samples) {
          inputs[0] = &in[first * depth], outputs[0] = &out[first * 3];
          ASSERT_EQ(kernel->run(inputs, outputs, samples, scratch.data()), 0);
        }
        for (std::size_t n = 0; n < 3; ++n) {
          const float weight = w.find("fc.weight")->values[n * depth + place];
          EXPECT_TRUE(std::isfinite(out[n]) && std::isfinite(out[3 + n]) && std::isfinite(out[9 + n])) << depth;
          EXPECT_EQ(out[6 + n], weight > 0 ? -INFINITY : INFINITY) << depth << ", input " << place;
          EXPECT_TRUE(std::isnan(out[12 + n])) << depth << ", input " << place;
        }
      }
    }
}

TEST_P(FewFeatures, OfConvolutionsOfOnePixelAreNoneOfTheseLayers) {
  std::mt19937 random(9);
  for (const std::uint32_t features : {1u, 4u}) {
    graph_builder b("image");
    const std::uint32_t operands[] = {b.input("x", {3, {70, 2, 3}}), b.parameter("c.weight", {4, {features, 70, 1, 1}}),
                                      no_node};
    b.output(b.apply(op::conv2d, operands, words_of(ops::conv2d_attributes{}), {}, "c"), "y");
    ASSERT_FALSE(b.finish());
    EXPECT_EQ(compare_with_interpreter(b, GetParam(), batches, random), "");
  }
}

/// A policy head and a value head of one encoder, with a residual behind the activation.
graph_builder heads() {
  graph_builder b("heads");
  const auto x = b.input("x", {1, {70}}), residual = b.input("r", {1, {3}});
  const auto h = dense(b, "fc1", x, 70, 130);
  const std::uint32_t operands[] = {dense(b, "policy", h, 130, 3), residual};
  const instruction program[] = {{.code = scalar_op::operand, .a = 0},
                                 {.code = scalar_op::operand, .a = 1},
                                 apply(activation::tanh, 0),
                                 {.code = scalar_op::add, .a = 2, .b = 1}};
  b.output(b.map(operands, program, {1, {3}}), "policy");
  b.output(dense(b, "value", h, 130, 1), "value");
  b.output(b.softmax(dense(b, "both", h, 130, 2)), "chances");
  b.finish();
  return b;
}

TEST_P(FewFeatures, MayFollowOtherLayersAndHaveEpilogues) {
  std::mt19937 random(6);
  EXPECT_EQ(compare_with_interpreter(heads(), GetParam(), batches, random, {.tolerance = 3e-5}), "");
}

TEST_P(FewFeatures, RaiseNoExceptionFlags) {
  std::mt19937 random(7);
  const graph_builder b = heads();
  for (const bool bf16 : {false, true}) {
    const auto kernel = compile(b, random_weights(b.view(), random), {.cpu = GetParam(), .bf16_weights = bf16});
    std::vector<float> x(9 * 70, 0.5f), r(9 * 3, 1.0f), policy(9 * 3), value(9), chances(9 * 2);
    std::vector<std::uint32_t> scratch(kernel->scratch_bytes() / 4 + 1, 0x7fa00000);  // signalling NaNs
    const float* inputs[] = {x.data(), r.data()};
    float* outputs[] = {policy.data(), value.data(), chances.data()};
    for (const std::size_t samples : {1u, 9u}) {
      std::feclearexcept(FE_ALL_EXCEPT);
      ASSERT_EQ(kernel->run(inputs, outputs, samples, scratch.data()), 0);
      EXPECT_EQ(std::fetestexcept(FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW), 0) << "batch " << samples;
    }
  }
}

TEST_P(FewFeatures, HaveTheOrderOfReproducibleSumsWhereThatIsAskedFor) {
  if (GetParam() == "x86-64") GTEST_SKIP() << "has no fused multiply-add";
  std::mt19937 random(8);
  EXPECT_EQ(compare_with_interpreter(heads(), GetParam(), batches, random, {.tolerance = 3e-5, .reproducible = true}),
            "");
}

INSTANTIATE_TEST_SUITE_P(Cpus, FewFeatures, ::testing::ValuesIn(runnable_cpus()), name_of_cpu);

}  // namespace
}  // namespace inlay::testing
