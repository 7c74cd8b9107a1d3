// SPDX-License-Identifier: Apache-2.0
// Tests every compiled activation against the table's formula, with NaN, infinities and denormals among the inputs.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "accuracy.hpp"
#include "kernel_harness.hpp"

namespace inlay::testing {
namespace {

class Activation : public ::testing::TestWithParam<std::string> {};

TEST_P(Activation, AgreesWithItsFormula) {
  std::mt19937 random(4);
  constexpr std::size_t batches[] = {1, 3, 50};
  for (const activation_row& row : activation_table)
    for (accuracy tier : accuracy_tiers)
      for (std::uint32_t width : {1u, 5u, 16u, 37u}) {
        const graph_builder b = tools::activation_network(row, tier, width);
        // Edges include the largest floats, which the contracts of sine and cosine do not cover.
        const bool edges = row.id != activation::sin && row.id != activation::cos;
        EXPECT_EQ(compare_with_interpreter(
                      b, GetParam(), batches, random,
                      {.tolerance = row.has(tier) && tier == accuracy::approximate ? 2e-4 : 3e-6, .edges = edges}),
                  "")
            << row.name << ", width " << width;
      }
}

/// The bits of the kernel's results for one sample.
std::vector<std::uint32_t> results(const tools::jit_kernel& kernel, const std::vector<float>& x) {
  std::vector<float> y(x.size());
  std::vector<std::byte> scratch(kernel.scratch_bytes());
  const float* inputs[] = {x.data()};
  float* outputs[] = {y.data()};
  kernel.run(inputs, outputs, 1, scratch.data());
  std::vector<std::uint32_t> bits;
  for (const float each : y) bits.push_back(std::bit_cast<std::uint32_t>(each));
  return bits;
}

TEST_P(Activation, AnElementDoesNotDependOnItsNeighbours) {
  // A kernel may take another branch for all elements of some vectors if one of them is unusual. The others are below
  // 55, and below 6 where that is unusual already.
  constexpr float infinity = std::numeric_limits<float>::infinity();
  constexpr float unusual[] = {0.0f,       -0.0f,   infinity, -infinity, std::numeric_limits<float>::quiet_NaN(),
                               -2.0f,      1e-40f,  -3e-39f,  2e-38f,    1e38f,
                               -3.402e38f, -100.0f, 89.0f,    -87.5f,    -14.0f,
                               7.5f,       -7.5f,   3e-20f,   4e19f};
  constexpr std::uint32_t width = 77;  // two groups of four vectors of eight, one vector more, and a remainder
  std::mt19937 random(6);
  std::vector<float> wide(width), narrow(width);
  for (float& each : wide) each = std::exp(std::uniform_real_distribution<float>(-4, 4)(random));
  for (float& each : narrow) each = std::exp(std::uniform_real_distribution<float>(-4, 1.79f)(random));
  for (const activation_row& row : activation_table)
    for (const accuracy tier : accuracy_tiers) {
      if (!row.has(tier)) continue;
      const auto kernel = compile(tools::activation_network(row, tier, width), {}, {.cpu = GetParam()});
      for (const auto& [x, sign] : {std::pair(&wide, 1.0f), {&wide, -1.0f}, {&narrow, 1.0f}, {&narrow, -1.0f}}) {
        std::vector<float> in = *x;
        for (float& each : in) each *= sign;
        const std::vector<std::uint32_t> expected = results(*kernel, in);
        for (std::size_t i = 0; i < std::size(unusual); ++i)
          for (const std::size_t at : {i % 8, 31 + i % 3, 60 + i % 8, width - 1 - i % 5}) {
            std::vector<float> changed = in;
            changed[at] = unusual[i];
            std::vector<std::uint32_t> found = results(*kernel, changed);
            found[at] = expected[at];
            EXPECT_EQ(found, expected) << row.name << ", " << name_of(tier) << ", " << unusual[i] << " at " << at;
          }
      }
    }
}

TEST_P(Activation, ShortRowsHaveTheBitsOfLongOnes) {
  // Rows of fewer elements than a register may run in smaller ones. The floats are of all magnitudes and signs, every
  // class of NaN among them, whose bits are the processor's choice.
  constexpr std::uint32_t few[] = {2, 3, 4, 6, 8};
  std::vector<float> x;
  for (const float each : {0.0f, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::max(),
                           std::numeric_limits<float>::denorm_min(), 1.0f})
    x.push_back(each), x.push_back(-each);
  for (std::uint32_t high = 0; high < 0x10000; high += 37)
    x.push_back(std::bit_cast<float>(high << 16 | high * 40503 % 0x10000));
  for (int i = 0; i < 1000; ++i) x.push_back(static_cast<float>(i - 500) * 0.03125f + 0.00123f);
  x.resize(x.size() / 24 * 24);  // a multiple of each width
  for (const activation_row& row : activation_table)
    for (const accuracy tier : accuracy_tiers) {
      if (!row.has(tier)) continue;
      const auto width = static_cast<std::uint32_t>(x.size());
      const auto all = compile(tools::activation_network(row, tier, width), {}, {.cpu = GetParam()});
      const std::vector<std::uint32_t> expected = results(*all, x);
      for (const std::uint32_t short_width : few) {
        const auto kernel = compile(tools::activation_network(row, tier, short_width), {}, {.cpu = GetParam()});
        for (std::size_t at = 0; at < x.size(); at += short_width) {
          const std::vector<float> in(x.begin() + static_cast<std::ptrdiff_t>(at),
                                      x.begin() + static_cast<std::ptrdiff_t>(at + short_width));
          const std::vector<std::uint32_t> found = results(*kernel, in);
          for (std::size_t i = 0; i < in.size(); ++i) {
            if (std::isnan(std::bit_cast<float>(found[i])) && std::isnan(std::bit_cast<float>(expected[at + i])))
              continue;
            ASSERT_EQ(found[i], expected[at + i])
                << row.name << ", " << name_of(tier) << ", " << short_width << " elements, of " << in[i];
          }
        }
      }
    }
}

TEST_P(Activation, SoftmaxSubtractsTheMaximum) {
  std::mt19937 random(5);
  constexpr std::size_t batches[] = {1, 2, 17};
  for (const shape& dims : {shape{1, {1}}, shape{1, {10}}, shape{1, {16}}, shape{1, {45}}, shape{1, {64}},
                            shape{1, {67}}, shape{2, {3, 7}}, shape{2, {5, 16}}})
    for (bool edges : {false, true}) {
      graph_builder b("softmax");
      const auto x = b.input("x", dims);
      b.output(b.softmax(x), "y");
      b.output(b.log_softmax(x), "logarithm");
      b.finish();
      EXPECT_EQ(compare_with_interpreter(b, GetParam(), batches, random, {.tolerance = 2e-6, .edges = edges}), "");
    }
}

INSTANTIATE_TEST_SUITE_P(Cpus, Activation, ::testing::ValuesIn(runnable_cpus()), name_of_cpu);

}  // namespace
}  // namespace inlay::testing
