// SPDX-License-Identifier: Apache-2.0
// Tests the bounds of each instruction against its meaning on a grid of numbers, which the bounds hold and reach.
#include <gtest/gtest.h>

#include "node_bounds.hpp"

namespace inlay::saturation {
namespace {

/// The bounds of `code` of two operands, and of a third one for select.
interval of(scalar_op code, const interval& a, const interval& b, const interval& c = {}) {
  const std::vector<instruction> program = {{.code = scalar_op::operand, .a = 0},
                                            {.code = scalar_op::operand, .a = 1},
                                            {.code = scalar_op::operand, .a = 2},
                                            {.code = code, .a = 0, .b = 1, .c = 2}};
  const std::vector<interval> operands = {a, b, c};
  std::vector<interval> results;
  run_program(program, operands, results);
  return results.back();
}

double value(scalar_op code, double a, double b, double c = 0) {
  const std::vector<double> results = {a, b, c};
  // Only `apply` reads the function, but g++ warns where it sees none.
  return ops::evaluate_scalar({.code = code, .function = activation::relu, .a = 0, .b = 1, .c = 2}, results, {});
}

constexpr scalar_op kBinary[] = {scalar_op::add,           scalar_op::subtract,   scalar_op::multiply,
                                 scalar_op::divide,        scalar_op::minimum,    scalar_op::maximum,
                                 scalar_op::less,          scalar_op::less_equal, scalar_op::greater,
                                 scalar_op::greater_equal, scalar_op::equal,      scalar_op::not_equal};
constexpr interval kIntervals[] = {{-3, -1}, {-3, 0},  {-3, 2}, {-1, -1}, {0, 0},
                                   {0, 2},   {0.5, 4}, {2, 2},  {2, 7},   {-1, 0.25}};

TEST(Instructions, HoldAndReachTheValuesOfAGrid) {
  constexpr int kSteps = 8;
  for (const scalar_op code : kBinary)
    for (const interval& a : kIntervals)
      for (const interval& b : kIntervals) {
        const interval found = of(code, a, b);
        double least = math::infinity, most = -math::infinity;
        bool finite = true;
        for (int i = 0; i <= kSteps; ++i)
          for (int j = 0; j <= kSteps; ++j) {
            const double y = value(code, a.low + (a.high - a.low) * i / kSteps, b.low + (b.high - b.low) * j / kSteps);
            finite = finite && std::abs(y) < math::infinity;
            least = std::min(least, y), most = std::max(most, y);
          }
        const std::string text = std::string(row_of(code).name) + " of [" + std::to_string(a.low) + ", " +
                                 std::to_string(a.high) + "] and [" + std::to_string(b.low) + ", " +
                                 std::to_string(b.high) + "]: [" + std::to_string(found.low) + ", " +
                                 std::to_string(found.high) + "]";
        if (code == scalar_op::divide && b.low <= 0 && b.high >= 0) {
          EXPECT_FALSE(found.is_known()) << text;
          continue;
        }
        ASSERT_TRUE(finite && found.is_known()) << text;
        EXPECT_LE(found.low, least) << text;
        EXPECT_GE(found.high, most) << text;
        // The grid has the ends, where the extremes of these operations are. It may miss equal numbers.
        if (code == scalar_op::equal || code == scalar_op::not_equal) continue;
        EXPECT_NEAR(found.low, least, 1e-6 * (1 + std::abs(least))) << text;
        EXPECT_NEAR(found.high, most, 1e-6 * (1 + std::abs(most))) << text;
      }
}

TEST(Instructions, DecideEqualityOnlyOfPoints) {
  const auto is = [](const interval& found, double low, double high) {
    EXPECT_EQ(found.low, low);
    EXPECT_EQ(found.high, high);
  };
  is(of(scalar_op::equal, {2, 2}, {2, 2}), 1, 1);
  is(of(scalar_op::equal, {2, 2}, {3, 3}), 0, 0);
  is(of(scalar_op::equal, {1, 3}, {2, 2}), 0, 1);
  is(of(scalar_op::not_equal, {1, 3}, {4, 5}), 1, 1);
  is(of(scalar_op::not_equal, {1, 3}, {1, 3}), 0, 1);
}

TEST(Instructions, SelectOneOrBoth) {
  const interval yes{1, 2}, no{-2, -1};
  EXPECT_EQ(of(scalar_op::select, {1, 1}, yes, no).low, 1);
  EXPECT_EQ(of(scalar_op::select, {-3, -1}, yes, no).low, 1);
  EXPECT_EQ(of(scalar_op::select, {0, 0}, yes, no).high, -1);
  for (const interval& either : {interval{0, 1}, interval{-1, 1}, kUnknown}) {
    EXPECT_EQ(of(scalar_op::select, either, yes, no).low, -2);
    EXPECT_EQ(of(scalar_op::select, either, yes, no).high, 2);
  }
  EXPECT_FALSE(of(scalar_op::select, {0, 1}, yes, kUnknown).is_known());
  EXPECT_TRUE(of(scalar_op::select, {1, 1}, yes, kUnknown).is_known());
}

TEST(Instructions, OfTheUnknownAreUnknownOrTruthValues) {
  for (const scalar_op code : kBinary)
    for (const bool first : {true, false}) {
      const interval y = first ? of(code, kUnknown, {1, 2}) : of(code, {1, 2}, kUnknown);
      if (code >= scalar_op::less) {
        EXPECT_EQ(y.low, 0);
        EXPECT_EQ(y.high, 1);
      } else {
        EXPECT_FALSE(y.is_known()) << row_of(code).name;
      }
    }
  EXPECT_FALSE(of(scalar_op::multiply, {1e30, 1e30}, {1, 1e10}).is_known()) << "overflows in f32";
}

}  // namespace
}  // namespace inlay::saturation
