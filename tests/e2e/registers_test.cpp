// SPDX-License-Identifier: Apache-2.0
// Tests single samples of chains of small layers, whose values stay in registers: widths up to one past sixteen lanes,
// activations that run in half registers, and a register that two layers read. Infinite and NaN inputs are the
// fuzzer's, which knows how far results with huge terms may be off.
#include <gtest/gtest.h>

#include "kernel_harness.hpp"

namespace inlay::testing {
namespace {

class Registers : public ::testing::TestWithParam<std::string> {};

constexpr std::size_t batches[] = {1, 2};

std::uint32_t activated(graph_builder& b, activation function, std::uint32_t x, std::uint32_t width) {
  const std::uint32_t operands[] = {x};
  const instruction program[] = {{.code = scalar_op::operand, .a = 0}, apply(function, 0)};
  return b.map(operands, program, {1, {width}});
}

TEST_P(Registers, FeedLayersOfAllWidths) {
  std::mt19937 random(3);
  constexpr activation functions[] = {activation::tanh, activation::relu, activation::erf, activation::sigmoid};
  for (std::uint32_t first = 1; first <= 17; first += first < 6 ? 1 : 2 - first % 2)
    for (const std::uint32_t second : {1u, 2u, 3u, 5u, 8u, 11u, 16u, 17u, 24u}) {
      graph_builder b("chain");
      const auto x = b.input("x", {1, {3}});
      const auto h = activated(b, functions[(first + second) % 4], dense(b, "fc1", x, 3, first), first);
      const auto fc2 = dense(b, "fc2", h, first, second, second % 2 == 0);
      const auto g = activated(b, functions[second % 4], fc2, second);
      b.output(dense(b, "fc3", g, second, 8), "y");
      ASSERT_FALSE(b.finish());
      EXPECT_EQ(compare_with_interpreter(b, GetParam(), batches, random), "") << first << ", " << second;
    }
}

TEST_P(Registers, AreReadByTwoLayersAndResiduals) {
  std::mt19937 random(4);
  for (const std::uint32_t width : {8u, 16u}) {
    graph_builder b("branches");
    const auto x = b.input("x", {1, {width}});
    const auto h = activated(b, activation::tanh, dense(b, "stem", x, width, width), width);
    const std::uint32_t left = dense(b, "left", h, width, width), right = dense(b, "right", h, width, 2 * width + 3);
    const std::uint32_t operands[] = {left, h};
    const instruction sum[] = {{.code = scalar_op::operand, .a = 0},
                               {.code = scalar_op::operand, .a = 1},
                               {.code = scalar_op::add, .a = 0, .b = 1}};
    b.output(dense(b, "out", b.map(operands, sum, {1, {width}}), width, width), "y");
    b.output(right, "z");
    ASSERT_FALSE(b.finish());
    EXPECT_EQ(compare_with_interpreter(b, GetParam(), batches, random), "") << width;
  }
}

INSTANTIATE_TEST_SUITE_P(Cpus, Registers, ::testing::ValuesIn(runnable_cpus()), name_of_cpu);

}  // namespace
}  // namespace inlay::testing
