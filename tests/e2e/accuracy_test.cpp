// SPDX-License-Identifier: Apache-2.0
// The accuracy contract of every activation, with the measurement of inlay-certify on a sample of all floats: a stride
// through every binade of both signs, and every float near the points where formulas change over.
#include <gtest/gtest.h>

#include <algorithm>
#include <cfenv>
#include <cmath>
#include <limits>
#include <thread>

#include "accuracy.hpp"
#include "kernel_harness.hpp"

namespace inlay::testing {
namespace {

using tools::accuracy_report;
using tools::activation_under_test;

/// Where formulas saturate, overflow, underflow or change over; both signs of each are tested.
constexpr float turning_points[] = {0.0f,      0x1p-126f,  1.0f,       std::numeric_limits<float>::infinity(),
                                    88.72284f, 103.97208f, 9.0109135f, 0.6f,
                                    0.92f,     3.95f,      14.5f,      20.0f,
                                    32768.0f};

class Accuracy : public ::testing::TestWithParam<std::string> {};

/// Expects that `row` keeps its contract in layers of `width` elements.
void expect_contract(const activation_row& row, accuracy tier, const std::string& cpu, std::uint32_t width) {
  std::string error;
  const auto subject = activation_under_test::compile(row, tier, cpu, error, width);
  ASSERT_TRUE(subject) << error;
  accuracy_report report = subject->test_all(5003, std::max(1u, std::thread::hardware_concurrency()));
  for (const float point : turning_points)
    for (const float x : {point, -point}) {
      const std::uint64_t centre = tools::index_in_order(x);
      report.merge(subject->test(centre < 500 ? 0 : centre - 500, 1000, 1));
    }
  const bool exact = tier == accuracy::exact;
  const float contract = row.contract(tier);
  std::printf("%-13s %s %7.4f ulp at %-15g contract %g\n", std::string(row.name).c_str(), exact ? "exact" : "fast ",
              report.ulp, static_cast<double>(report.ulp_at), static_cast<double>(contract));
  EXPECT_EQ(report.wrong, 0u) << row.name << ": NaN, infinity or the sign of zero is wrong, for example at "
                              << report.wrong_at;
  EXPECT_LE(report.ulp, static_cast<double>(contract)) << row.name << " at " << report.ulp_at;
  if (exact && (row.id == activation::sigmoid || row.id == activation::tanh)) {
    EXPECT_EQ(report.against, 0u) << row.name << " is not monotone at " << report.against_at;
  }
}

TEST_P(Accuracy, EveryActivationKeepsItsContract) {
  for (const activation_row& row : activation_table)
    for (const accuracy tier : {accuracy::exact, accuracy::fast})
      expect_contract(row, tier, GetParam(), activation_under_test::usual_width);
}

TEST_P(Accuracy, SoDoesItInLayersOfOneElement) {
  for (const activation_row& row : activation_table) expect_contract(row, accuracy::exact, GetParam(), 1);
}

TEST_P(Accuracy, ContractsHoldInEveryRoundingMode) {
  for (const activation_row& row : activation_table)
    for (const accuracy tier : {accuracy::exact, accuracy::fast})
      for (const std::uint32_t width : {activation_under_test::usual_width, 1u}) {
        if (tier == accuracy::fast && (row.fast_ulp == 0 || width == 1)) continue;
        std::string error;
        const auto subject = activation_under_test::compile(row, tier, GetParam(), error, width);
        ASSERT_TRUE(subject) << error;
        for (const tools::rounding mode : tools::all_roundings) {
          if (mode == tools::rounding::nearest) continue;
          subject->call_in(mode);
          accuracy_report report = subject->test_all(100003, std::max(1u, std::thread::hardware_concurrency()));
          for (const float point : turning_points)
            for (const float x : {point, -point})
              report.merge(subject->test(std::max(100u, tools::index_in_order(x)) - 100, 200, 1));
          // Its reduced argument was past the polynomial's range where the mode was not to nearest.
          report.merge(subject->test(tools::index_in_order(0.000477f) - 1000, 2000, 1));
          EXPECT_EQ(report.wrong, 0u) << row.name << ": a special value is wrong, for example at " << report.wrong_at;
          EXPECT_LE(report.ulp, tools::contract_of(row, tier, mode))
              << row.name << " at " << report.ulp_at << ", rounding mode " << static_cast<int>(mode);
        }
      }
}

INSTANTIATE_TEST_SUITE_P(Cpus, Accuracy, ::testing::ValuesIn(tools::runnable_cpus()), name_of_cpu);

TEST(AccuracyReport, SeesWhatIsWrong) {
  // sigmoid, measured against a function that falls and is infinite at infinity.
  activation_row row = activation_table[static_cast<std::size_t>(activation::sigmoid) - 1];
  row.formula = [](double x, double, double) { return -x; };
  std::string error;
  const auto subject = activation_under_test::compile(row, accuracy::exact, "native", error);
  ASSERT_TRUE(subject) << error;
  const accuracy_report report = subject->test(tools::index_in_order(-20.0f), 1000000, 1);
  EXPECT_EQ(report.tested, 1000000u);
  EXPECT_GT(report.ulp, 1e6);
  EXPECT_GT(report.absolute, 19);
  EXPECT_GT(report.against, 0u);
  EXPECT_EQ(report.wrong, 0u);
  EXPECT_EQ(subject->test(tools::index_in_order(INFINITY) - 1, 2, 1).wrong, 1u);
  EXPECT_EQ(subject->test_all(1000003, 2).tested, 4295u) << "every float of the stride once";
}

TEST(FloatOrder, IsTheOrderOfValueAndItsOwnInverse) {
  EXPECT_EQ(tools::float_in_order(tools::index_in_order(1.5f)), 1.5f);
  EXPECT_EQ(tools::float_in_order(tools::index_in_order(-1.5f) + 1), std::nextafter(-1.5f, 0.0f));
  EXPECT_EQ(tools::index_in_order(0.0f), tools::index_in_order(-0.0f) + 1);
  EXPECT_TRUE(std::isnan(tools::float_in_order(0)));
  EXPECT_TRUE(std::isnan(tools::float_in_order(0xffffffffu)));
}

TEST(UlpAt, IsTheLastPlaceOfAFloat) {
  EXPECT_EQ(tools::ulp_at(1.0), 0x1p-23);
  EXPECT_EQ(tools::ulp_at(-1.999), 0x1p-23);
  EXPECT_EQ(tools::ulp_at(0x1p-130), 0x1p-149);
  EXPECT_EQ(tools::ulp_at(std::numeric_limits<double>::infinity()), 0x1p104);
}

}  // namespace
}  // namespace inlay::testing
