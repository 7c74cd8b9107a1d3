// SPDX-License-Identifier: Apache-2.0
// Tests every instruction of pointwise programs on all combinations of f32 corner cases, bit by bit against C++'s own
// f32 arithmetic.
#include <bit>
#include <cmath>

#include "engine_comparison.hpp"

namespace inlay::testing {
namespace {

/// The result of `code` by the contract, in f32. Double arithmetic rounded once to f32 gives the same bits.
float expected_of(scalar_op code, float a, float b) {
  const auto flag = [](bool holds) { return holds ? 1.0f : 0.0f; };
  const bool nan = std::isnan(a) || std::isnan(b);
  switch (code) {
    case scalar_op::add: return a + b;
    case scalar_op::subtract: return a - b;
    case scalar_op::multiply: return a * b;
    // Only IEC 559 defines a float divided by zero, so UndefinedBehaviorSanitizer reports it.
    case scalar_op::divide:
      if (b == 0)
        return nan || a == 0 ? kNan : std::copysign(kInfinity, std::signbit(a) == std::signbit(b) ? 1.f : -1.f);
      return a / b;
    case scalar_op::minimum: return nan ? kNan : std::min(b, a);
    case scalar_op::maximum: return nan ? kNan : std::max(b, a);
    case scalar_op::less: return flag(!nan && a < b);
    case scalar_op::less_equal: return flag(!nan && a <= b);
    case scalar_op::greater: return flag(!nan && a > b);
    case scalar_op::greater_equal: return flag(!nan && a >= b);
    case scalar_op::equal: return flag(!nan && a == b);
    case scalar_op::not_equal: return flag(nan || a != b);
    default: ADD_FAILURE() << "no binary operation"; return 0;
  }
}

bool same(float found, float expected) {
  if (std::isnan(expected)) return std::isnan(found);
  return std::bit_cast<std::uint32_t>(found) == std::bit_cast<std::uint32_t>(expected);
}

class Instructions : public ::testing::TestWithParam<engine> {};

TEST_P(Instructions, BinaryOnEveryPairOfEdges) {
  tensors x(2);
  for (float a : kEdges)
    for (float b : kEdges) x[0].push_back(a), x[1].push_back(b);
  for (auto code = scalar_op::add; code <= scalar_op::not_equal;
       code = static_cast<scalar_op>(static_cast<std::uint32_t>(code) + 1)) {
    const auto y = run_program(
        {{.code = scalar_op::operand, .a = 0}, {.code = scalar_op::operand, .a = 1}, {.code = code, .a = 0, .b = 1}}, x,
        GetParam());
    for (std::size_t i = 0; i < y.size(); ++i)
      EXPECT_TRUE(same(y[i], expected_of(code, x[0][i], x[1][i])))
          << "operation " << static_cast<std::uint32_t>(code) << " of " << x[0][i] << " and " << x[1][i] << " is "
          << y[i] << ", expected " << expected_of(code, x[0][i], x[1][i]);
  }
}

TEST_P(Instructions, SelectOnEveryTripleOfEdges) {
  tensors x(3);
  for (float a : kEdges)
    for (float b : kEdges)
      for (float c : kEdges) x[0].push_back(a), x[1].push_back(b), x[2].push_back(c);
  const auto y = run_program({{.code = scalar_op::operand, .a = 0},
                              {.code = scalar_op::operand, .a = 1},
                              {.code = scalar_op::operand, .a = 2},
                              {.code = scalar_op::select, .a = 0, .b = 1, .c = 2}},
                             x, GetParam());
  for (std::size_t i = 0; i < y.size(); ++i)
    ASSERT_TRUE(same(y[i], x[0][i] == 0 ? x[2][i] : x[1][i]))
        << "condition " << x[0][i] << " of " << x[1][i] << " and " << x[2][i] << " gave " << y[i];
}

TEST_P(Instructions, LiteralsAndOperandsAreKeptAsTheyAre) {
  for (float literal : kEdges) {
    const auto y = run_program({{.code = scalar_op::literal, .p0 = literal}}, {{1, 2, 3}}, GetParam());
    for (float found : y) EXPECT_TRUE(same(found, literal)) << literal;
  }
  const std::vector<float> x(std::begin(kEdges), std::end(kEdges));
  const auto y = run_program({{.code = scalar_op::operand, .a = 0}}, {x}, GetParam());
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_TRUE(same(y[i], x[i])) << x[i];
}

TEST_P(Instructions, FieldsNameTheRightResults) {
  // 10 x - y, then (10 x - y) - 10 x: the program reads a result again after computing others.
  const std::vector<instruction> program = {
      {.code = scalar_op::operand, .a = 1},          {.code = scalar_op::literal, .p0 = 10},
      {.code = scalar_op::operand, .a = 0},          {.code = scalar_op::multiply, .a = 1, .b = 2},
      {.code = scalar_op::subtract, .a = 3, .b = 0}, {.code = scalar_op::subtract, .a = 4, .b = 3}};
  const tensors x = {{1, 2, 3}, {7, 5, 4}};
  EXPECT_EQ(run_program(program, x, GetParam()), (std::vector<float>{-7, -5, -4}));
  EXPECT_EQ(run_program({program.begin(), program.end() - 1}, x, GetParam()), (std::vector<float>{3, 15, 26}));
}

/// x[n] * s[1] - k[1] with a constant k. Both s and k are broadcast; each sample has its own s.
TEST_P(Instructions, BroadcastOneElementOfASampleAndOfAWeight) {
  for (std::uint32_t n : {1u, 2u, 67u, 255u, 256u, 257u, 600u}) {
    graph_builder b("broadcast");
    const float number[] = {0.5f};
    const std::uint32_t operands[] = {b.input("s", {1, {1}}), b.input("x", {2, {n, 1}}), b.constant({0, {}}, number)};
    const instruction program[] = {{.code = scalar_op::operand, .a = 0},
                                   {.code = scalar_op::operand, .a = 1},
                                   {.code = scalar_op::operand, .a = 2},
                                   {.code = scalar_op::multiply, .a = 0, .b = 1},
                                   {.code = scalar_op::subtract, .a = 3, .b = 2}};
    b.output(b.map(operands, program, {2, {n, 1}}), "y");
    ASSERT_FALSE(b.finish());
    const interpreter_result made = interpreter::create(b.view(), {});
    for (std::size_t batch : {0u, 1u, 2u, 7u, 33u}) {
      tensors x(2);
      std::vector<float> expected;
      for (std::size_t sample = 0; sample < batch; ++sample) {
        x[0].push_back(static_cast<float>(sample) - 3);
        for (std::uint32_t i = 0; i < n; ++i) {
          x[1].push_back(static_cast<float>(i) + 0.25f);
          expected.push_back(x[0].back() * x[1].back() - 0.5f);
        }
      }
      EXPECT_EQ(run(*made.value, x, batch, GetParam())[0], expected) << "width " << n << ", batch " << batch;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, Instructions, ::testing::ValuesIn(kEngines),
                         [](const auto& each) { return name_of(each.param); });

}  // namespace
}  // namespace inlay::testing
