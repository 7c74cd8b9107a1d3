// SPDX-License-Identifier: Apache-2.0
// Tests networks with parts that depend on weights alone, and outputs that are weights, inputs or the same value twice.
#include <gtest/gtest.h>

#include <functional>

#include "kernel_harness.hpp"

namespace inlay::testing {
namespace {

constexpr std::size_t kBatches[] = {1, 2, 3, 20};

/// A scalar program that first loads its operands, so that result i is operand i.
std::vector<instruction> program(std::uint32_t operands, std::initializer_list<instruction> rest) {
  std::vector<instruction> all;
  for (std::uint32_t i = 0; i < operands; ++i) all.push_back({.code = scalar_op::operand, .a = i});
  all.insert(all.end(), rest);
  return all;
}

std::uint32_t map_of(graph_builder& b, std::initializer_list<std::uint32_t> operands,
                     std::initializer_list<instruction> rest, const shape& dims) {
  return b.map(std::vector(operands), program(static_cast<std::uint32_t>(operands.size()), rest), dims);
}

/// where(x > 0, w, w), which equals w.
std::uint32_t either_way(graph_builder& b, std::uint32_t x, std::uint32_t w, const shape& dims) {
  return map_of(b, {x, w},
                {{.code = scalar_op::literal, .p0 = 0},
                 {.code = scalar_op::greater, .a = 0, .b = 2},
                 {.code = scalar_op::select, .a = 3, .b = 1, .c = 1}},
                dims);
}

/// max(w, 0.25) * 3 where w < 0.5, else -w.
std::uint32_t of_weights(graph_builder& b, std::uint32_t w, const shape& dims) {
  return map_of(b, {w},
                {{.code = scalar_op::literal, .p0 = 0.25f},
                 {.code = scalar_op::maximum, .a = 0, .b = 1},
                 {.code = scalar_op::literal, .p0 = 3},
                 {.code = scalar_op::multiply, .a = 2, .b = 3},
                 {.code = scalar_op::literal, .p0 = 0.5f},
                 {.code = scalar_op::less, .a = 0, .b = 5},
                 {.code = scalar_op::literal, .p0 = 0},
                 {.code = scalar_op::subtract, .a = 7, .b = 0},
                 {.code = scalar_op::select, .a = 6, .b = 4, .c = 8}},
                dims);
}

using build = std::function<void(graph_builder& b, std::uint32_t x)>;

class Constants : public ::testing::TestWithParam<std::string> {
 protected:
  /// Compares a network of input x[12] with the interpreter.
  void check(const char* name, const build& body) {
    SCOPED_TRACE(name);
    std::mt19937 random(1);
    graph_builder b(name);
    body(b, b.input("x", {1, {12}}));
    ASSERT_FALSE(b.finish()) << advice(b.first_violation().code);
    EXPECT_EQ(compare_with_interpreter(b, GetParam(), kBatches, random), "");
  }
};

const shape flat{1, {12}}, matrix{2, {3, 4}};

TEST_P(Constants, ReshapesOfWeights) {
  check("of_a_map", [](graph_builder& b, std::uint32_t x) {
    const auto w = either_way(b, b.reshape(x, matrix), b.parameter("w", matrix), matrix);
    b.output(b.reshape(w, flat), "y"), b.output(x, "same");
  });
  check("of_a_parameter", [](graph_builder& b, std::uint32_t x) {
    b.output(b.reshape(b.parameter("w", matrix), flat), "y"), b.output(x, "same");
  });
  check("used_further", [](graph_builder& b, std::uint32_t x) {
    const auto w = b.reshape(either_way(b, b.reshape(x, matrix), b.parameter("w", matrix), matrix), flat);
    b.output(map_of(b, {x, w}, {{.code = scalar_op::multiply, .a = 0, .b = 1}}, flat), "y");
    const std::uint32_t pieces[] = {w, x};
    b.output(b.concat(pieces, 0), "joined");
    b.output(b.softmax(w), "share");
  });
}

TEST_P(Constants, OutputsThatNothingComputes) {
  check("weights", [](graph_builder& b, std::uint32_t x) {
    const auto w = b.parameter("w", flat);
    b.output(w, "w"), b.output(w, "again"), b.output(map_of(b, {w}, {apply(activation::exp, 0)}, flat), "exp");
    b.output(x, "same");
  });
  check("inputs", [](graph_builder& b, std::uint32_t x) {
    b.output(x, "same"), b.output(x, "again"), b.output(b.reshape(x, matrix), "matrix");
    b.output(b.reshape(b.reshape(x, matrix), flat), "back");
  });
  check("one_value_twice", [](graph_builder& b, std::uint32_t x) {
    const auto y = dense(b, "fc", x, 12, 7);
    b.output(y, "y"), b.output(y, "again"), b.output(b.reshape(y, {2, {7, 1}}), "column"), b.output(b.softmax(y), "p");
  });
  check("numbers_in_the_source", [](graph_builder& b, std::uint32_t x) {
    const std::vector<float> zeros(5000, 0.25f), few = {1, 2, 3};
    b.output(b.constant({1, {5000}}, zeros), "many"), b.output(b.constant({1, {3}}, few), "few"), b.output(x, "same");
  });
}

TEST_P(Constants, EveryOperationOnWeightsAlone) {
  check("operations", [](graph_builder& b, std::uint32_t x) {
    const auto w = of_weights(b, b.parameter("w", matrix), matrix);
    const std::uint32_t pieces[] = {b.softmax(w), b.log_softmax(w)};
    b.output(b.concat(pieces, 1), "columns"), b.output(b.concat(pieces, 0), "rows");
    b.output(dense(b, "fc", b.reshape(w, flat), 12, 5), "layer");
    b.output(map_of(b, {x, b.reshape(w, flat)}, {{.code = scalar_op::add, .a = 0, .b = 1}}, flat), "sum");
  });
  check("one_number", [](graph_builder& b, std::uint32_t x) {
    const auto scale = b.parameter("scale", {1, {1}}), e = map_of(b, {scale}, {apply(activation::exp, 0)}, {1, {1}});
    b.output(map_of(b, {x, e}, {{.code = scalar_op::multiply, .a = 0, .b = 1}}, flat), "scaled");
    b.output(e, "e");
  });
}

TEST_P(Constants, LayersWhoseWeightsAreComputed) {
  check("weight", [](graph_builder& b, std::uint32_t x) {
    const shape dims{2, {5, 12}};
    b.output(b.dense("fc", x, of_weights(b, b.parameter("w", dims), dims), b.parameter("b", {1, {5}})), "y");
  });
  check("bias", [](graph_builder& b, std::uint32_t x) {
    // The bias is another layer's result, so each sample has its own.
    b.output(b.dense("fc", x, b.parameter("w", {2, {5, 12}}), dense(b, "of_bias", x, 12, 5)), "y");
  });
}

TEST_P(Constants, AWeightThatDependsOnAnInputIsAnError) {
  graph_builder b("hyper");
  const auto x = b.input("x", flat);
  b.output(b.dense("fc", b.parameter("u", {1, {4}}), b.reshape(x, matrix), no_node), "y");
  ASSERT_FALSE(b.finish());
  std::mt19937 random(1);
  std::string error;
  EXPECT_EQ(tools::jit_kernel::compile(b.view(), random_weights(b.view(), random), {.cpu = GetParam()}, error),
            nullptr);
  EXPECT_NE(error.find("the simplify phase failed"), std::string::npos) << error;
}

INSTANTIATE_TEST_SUITE_P(Cpus, Constants, ::testing::ValuesIn(runnable_cpus()), name_of_cpu);

}  // namespace
}  // namespace inlay::testing
