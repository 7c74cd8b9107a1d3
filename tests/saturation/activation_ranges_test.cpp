// SPDX-License-Identifier: Apache-2.0
// Tests the values and slopes of every activation on intervals against a scan of the formula and of its differences.
#include <gtest/gtest.h>

#include "activation_ranges.hpp"

namespace inlay::saturation {
namespace {

/// All rows with their defaults, and rows with parameters that turn or invert them.
std::vector<applied_function> all_functions() {
  std::vector<applied_function> all;
  for (const activation_row& row : activation_table)
    all.push_back({row.id, static_cast<double>(row.defaults[0]), static_cast<double>(row.defaults[1]), {}});
  all.push_back({activation::leaky_relu, -0.5, 0, {}});
  all.push_back({activation::elu, -2, 0, {}});
  all.push_back({activation::elu, 3, 0, {}});
  all.push_back({activation::celu, 0.25, 0, {}});
  all.push_back({activation::step, 1.3, 0, {}});
  all.push_back({activation::softplus, 2.5, 3, {}});
  all.push_back({activation::softplus, -1, 2, {}});
  all.push_back({activation::hard_tanh, 2, -2, {}});
  all.push_back({activation::clamp, -0.3, 4, {}});
  all.push_back({activation::threshold, -1.5, 7, {}});
  return all;
}

std::string text_of(const applied_function& f, const interval& x) {
  return std::string(row_of(f.function).name) + "(" + std::to_string(f.p0) + ", " + std::to_string(f.p1) + ") on [" +
         std::to_string(x.low) + ", " + std::to_string(x.high) + "]";
}

constexpr double kEnds[] = {-900, -40,  -6,  -3, -2.3, -1.5, -1.42, -1, -0.5, -1e-3,
                            0,    1e-3, 0.7, 1,  1.4,  3,    4.2,   6,  20,   800};

TEST(ActivationRanges, HoldAllValuesAndAllSlopes) {
  for (const applied_function& f : all_functions())
    for (const double low : kEnds)
      for (const double high : kEnds) {
        if (low > high) continue;
        const interval x{low, high}, y = values_on(f, x);
        const double steepest = steepest_on(f, x);
        double least = math::infinity, most = -math::infinity, slope = 0;
        for (int i = 0; i <= 700; ++i) {
          const double at = std::clamp(low + (high - low) * i / 700, low, high);
          const double value = f.value(at);
          least = std::min(least, value), most = std::max(most, value);
          slope = std::max(slope, std::abs(f.slope(at)));
          if (y.is_known()) {
            EXPECT_TRUE(widened(y, 1e-12).holds(value)) << text_of(f, x) << " at " << at;
            if (!math::is_nan(steepest)) {
              EXPECT_LE(std::abs(f.slope(at)), steepest * (1 + 1e-6)) << text_of(f, x) << " at " << at;
            }
          }
        }
        if (!y.is_known()) continue;
        // They are no coarser than a scan, which misses extremes and jumps by little on short intervals.
        if (high - low < 4 && f.function != activation::step && f.function != activation::sign &&
            f.function != activation::threshold) {
          EXPECT_NEAR(y.low, least, 0.03 * (1 + std::abs(least))) << text_of(f, x);
          EXPECT_NEAR(y.high, most, 0.03 * (1 + std::abs(most))) << text_of(f, x);
        }
      }
}

TEST(ActivationRanges, AreUnknownBeyondADomain) {
  EXPECT_FALSE(values_on({activation::log, 0, 0, {}}, {-1, 1}).is_known());
  EXPECT_FALSE(values_on({activation::log, 0, 0, {}}, {0, 1}).is_known());
  EXPECT_FALSE(values_on({activation::reciprocal, 0, 0, {}}, {-1, 1}).is_known());
  EXPECT_FALSE(values_on({activation::sqrt, 0, 0, {}}, {-0.1, 1}).is_known());
  EXPECT_FALSE(values_on({activation::exp, 0, 0, {}}, {0, 89}).is_known());
  EXPECT_TRUE(values_on({activation::exp, 0, 0, {}}, {-1000, 88}).is_known());
  EXPECT_FALSE(compiled_values_on({activation::sigmoid, 0, 0, {}}, kUnknown).is_known());
}

TEST(ActivationRanges, HoldBothSidesOfAJump) {
  // log(2) / beta at 0, and x from the first number on whose product with beta is above 0.
  const interval softplus = values_on({activation::softplus, 1e-30, 0, {}}, {-1, 2000});
  EXPECT_EQ(softplus.low, 0);
  EXPECT_GT(softplus.high, 6.9e29);
  const interval step = values_on({activation::step, 0.1, 0, {}}, {0, 0.1});
  EXPECT_EQ(step.high, 0);
  EXPECT_EQ(values_on({activation::step, 0.1, 0, {}}, {0, std::nextafter(0.1, 1)}).high, 1);
  const interval threshold = values_on({activation::threshold, 2, 7, {}}, {-5, 3});
  EXPECT_EQ(threshold.high, 7);
  EXPECT_NEAR(threshold.low, 2, 1e-12);
}

TEST(ActivationRanges, AreExactWhereRoundingIs) {
  const interval relu = compiled_values_on({activation::relu, 0, 0, {}}, {-2, 3});
  EXPECT_EQ(relu.low, 0);
  EXPECT_EQ(relu.high, 3);
  const interval sigmoid = compiled_values_on({activation::sigmoid, 0, 0, {}}, {-1, 0});
  EXPECT_LT(sigmoid.low, 0.26894142136999512);  // sigmoid(-1)
  EXPECT_GT(sigmoid.low, 0.26894);
  EXPECT_GT(sigmoid.high, 0.5);
  // The approximate form may be off by 2^-13.
  EXPECT_GE(compiled_values_on({activation::sigmoid, 0, 0, accuracy::approximate}, {-1, 0}).high, 0.5 + 0x1p-13);
}

TEST(ActivationRanges, KnowTheSteepestSlope) {
  const auto of = [](activation function, double p0 = 0, double p1 = 0) { return steepest({function, p0, p1, {}}); };
  EXPECT_EQ(of(activation::sigmoid), 0.25);
  EXPECT_EQ(of(activation::tanh), 1);
  EXPECT_EQ(of(activation::relu), 1);
  EXPECT_EQ(of(activation::leaky_relu, 0.01), 1);
  EXPECT_EQ(of(activation::leaky_relu, -3), 3);
  EXPECT_EQ(of(activation::elu, 2), 2);
  EXPECT_NEAR(*of(activation::selu), 1.7580993408473766, 1e-12);
  EXPECT_NEAR(*of(activation::gelu), 1.1289041451851547, 1e-9);
  EXPECT_NEAR(*of(activation::gelu_tanh), 1.128993068658772, 1e-9);
  EXPECT_NEAR(*of(activation::silu), 1.099839320128867, 1e-9);
  EXPECT_NEAR(*of(activation::mish), 1.088498161251728, 1e-9);
  EXPECT_NEAR(*of(activation::hard_swish), 1.5, 1e-12);
  EXPECT_NEAR(*of(activation::hard_sigmoid), 1.0 / 6, 1e-12);
  EXPECT_EQ(of(activation::softplus, 1, 20), 1);
  EXPECT_NEAR(*of(activation::erf), 1.1283791670955126, 1e-12);
  EXPECT_EQ(of(activation::step), 0);
  EXPECT_EQ(of(activation::sign), 0);
  for (const activation unbounded : {activation::exp, activation::log, activation::sqrt, activation::rsqrt,
                                     activation::square, activation::reciprocal})
    EXPECT_FALSE(of(unbounded)) << row_of(unbounded).name;
  EXPECT_FALSE(of(activation::celu, -1));
}

}  // namespace
}  // namespace inlay::saturation
