// SPDX-License-Identifier: Apache-2.0
// Tests values that share memory: the pieces of concats, encoders with skip connections, results that stay in
// registers. Widths are near multiples of vector widths, so that pieces end inside a vector, at its end or behind it.
#include <gtest/gtest.h>

#include "kernel_harness.hpp"

namespace inlay::testing {
namespace {

constexpr std::size_t kBatches[] = {1, 2, 3, 5, 13, 14, 15, 16, 29, 40};
constexpr std::uint32_t kWidths[] = {1, 4, 7, 9, 12, 20, 50};

std::uint32_t activated(graph_builder& b, std::uint32_t x, activation function) {
  const instruction program[] = {{.code = scalar_op::operand, .a = 0}, apply(function, 0)};
  const std::uint32_t operands[] = {x};
  return b.map(operands, program, b.view().nodes[x].dims);
}

/// x times `factor`.
std::uint32_t scaled(graph_builder& b, std::uint32_t x, float factor) {
  const instruction program[] = {{.code = scalar_op::operand, .a = 0},
                                 {.code = scalar_op::literal, .p0 = factor},
                                 {.code = scalar_op::multiply, .a = 0, .b = 1}};
  const std::uint32_t operands[] = {x};
  return b.map(operands, program, b.view().nodes[x].dims);
}

std::uint32_t joined(graph_builder& b, std::initializer_list<std::uint32_t> pieces) {
  return b.concat(std::span(pieces.begin(), pieces.size()), 0);
}

class Placement : public ::testing::TestWithParam<std::string> {};

TEST_P(Placement, ConcatOfTwoBranches) {
  std::mt19937 random(1);
  for (const std::uint32_t first : kWidths)
    for (const std::uint32_t second : kWidths) {
      graph_builder b("branches");
      const auto s = b.input("s", {1, {4}}), a = b.input("a", {1, {4}});
      const auto e1 = activated(b, dense(b, "e1", s, 4, first, true), activation::relu);
      const auto e2 = activated(b, dense(b, "e2", a, 4, second, true), activation::relu);
      b.output(dense(b, "out", joined(b, {e1, e2}), first + second, 1, true), "y");
      b.finish();
      ASSERT_EQ(compare_with_interpreter(b, GetParam(), kBatches, random, {.tolerance = 1e-4}), "")
          << first << " + " << second;
    }
}

TEST_P(Placement, ConcatOfScaledCopies) {
  std::mt19937 random(2);
  for (const std::uint32_t width : kWidths) {
    graph_builder b("copies");
    const auto p = dense(b, "p", b.input("x", {1, {5}}), 5, width, true);
    const auto all = joined(b, {p, scaled(b, p, 2), scaled(b, p, 3)});
    b.output(dense(b, "out", all, 3 * width, 3, true), "y");
    b.output(all, "all");
    b.finish();
    ASSERT_EQ(compare_with_interpreter(b, GetParam(), kBatches, random, {.tolerance = 1e-4}), "") << width;
  }
}

TEST_P(Placement, EncoderWithASkipAroundTheConcat) {
  std::mt19937 random(3);
  for (const std::uint32_t inner : {7u, 10u})
    for (const std::uint32_t outer : {9u, 33u, 50u}) {
      graph_builder b("encoder");
      const auto wide = activated(b, dense(b, "wide", b.input("x", {1, {6}}), 6, outer, true), activation::tanh);
      const auto middle = activated(b, dense(b, "middle", wide, outer, 40, true), activation::relu);
      const auto narrow = dense(b, "narrow", middle, 40, inner, true);
      const auto both = dense(b, "both", joined(b, {wide, narrow}), outer + inner, 40, true);
      const std::uint32_t operands[] = {both, middle};
      const instruction sum[] = {{.code = scalar_op::operand, .a = 0},
                                 {.code = scalar_op::operand, .a = 1},
                                 {.code = scalar_op::add, .a = 0, .b = 1}};
      b.output(b.map(operands, sum, {1, {40}}), "y");
      b.finish();
      ASSERT_EQ(compare_with_interpreter(b, GetParam(), kBatches, random, {.tolerance = 1e-4}), "")
          << outer << " + " << inner;
    }
}

// A layer that skips zeros computes its result in two ways. If the result stays in a register, both ways must yield it.
TEST_P(Placement, SkippedZerosBeforeAResultInARegister) {
  std::mt19937 random(4);
  for (const std::uint32_t depth : {100u, 1024u})
    for (const std::uint32_t width : {1u, 2u, 4u, 10u, 17u})
      for (const zeros kept : {zeros::automatic, zeros::skip}) {
        graph_builder b("bottleneck");
        const auto h = activated(b, dense(b, "enc1", b.input("x", {1, {11}}), 11, depth, true), activation::relu);
        const auto code = activated(b, dense(b, "enc2", h, depth, width, true, kept), activation::tanh);
        b.output(dense(b, "dec", code, width, 64, true), "y");
        b.finish();
        ASSERT_EQ(compare_with_interpreter(b, GetParam(), kBatches, random, {.tolerance = 1e-3}), "")
            << depth << " -> " << width;
      }
}

INSTANTIATE_TEST_SUITE_P(Cpus, Placement, ::testing::ValuesIn(runnable_cpus()), name_of_cpu);

}  // namespace
}  // namespace inlay::testing
