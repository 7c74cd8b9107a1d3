// SPDX-License-Identifier: Apache-2.0
// Tests every compiled activation against the table's formula, with NaN, infinities and denormals among the inputs.
#include <gtest/gtest.h>

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
