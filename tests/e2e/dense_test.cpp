// SPDX-License-Identifier: Apache-2.0
// Dense layers of every remainder in every dimension.
#include <gtest/gtest.h>

#include "kernel_harness.hpp"

namespace inlay::testing {
namespace {

constexpr std::size_t kBatches[] = {0, 1, 2, 3, 4, 5, 6, 13, 14, 15, 19, 33};

instruction apply(activation function, std::uint32_t a, float p0 = 0, float p1 = 0) {
  return {.code = scalar_op::apply, .function = function, .a = a, .p0 = p0, .p1 = p1};
}

std::uint32_t dense(graph_builder& b, const char* name, std::uint32_t x, std::uint32_t inputs, std::uint32_t outputs,
                    bool bias) {
  b.enter_scope(name);
  const auto w = b.parameter("weight", {2, {outputs, inputs}});
  const auto c = bias ? b.parameter("bias", {1, {outputs}}) : no_node;
  b.leave_scope();
  return b.dense(name, x, w, c);
}

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
    // The residual of the second layer dies there, so the layer writes over it.
    const auto h2 = dense(b, "fc2", r, width, width, false);
    const std::uint32_t again[] = {h2, r};
    const auto r2 = b.map(again, program, {1, {width}});
    b.output(dense(b, "fc3", r2, width, 5, true), "y");
    b.finish();
    ASSERT_EQ(compare_with_interpreter(b, GetParam(), kBatches, random, {.tolerance = 1e-4}), "") << width;
  }
}

TEST_P(Dense, SeveralReadersKeepTheirOwnValue) {
  // fc1 is read by an activation and by a second layer: fusing it away would change the second.
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

TEST_P(Dense, BlocksOfManyTiles) {
  // Weights beyond a second-level cache make blocks of several tiles of rows, rows of 512 elements are spread, and the
  // costly epilogue loops over what the tile has stored.
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

INSTANTIATE_TEST_SUITE_P(Cpus, Dense, ::testing::ValuesIn(runnable_cpus()), [](const auto& each) {
  std::string name = each.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace inlay::testing
