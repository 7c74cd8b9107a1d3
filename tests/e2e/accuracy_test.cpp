// SPDX-License-Identifier: Apache-2.0
// Tests the accuracy contract of every activation as inlay-certify does, but on a sample of all floats: a stride
// through every binade of both signs, and every float near the points where formulas change.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <thread>

#include "accuracy.hpp"
#include "kernel_harness.hpp"
#include "parameter_sets.hpp"

namespace inlay::testing {
namespace {

using tools::accuracy_report;
using tools::activation_under_test;

class Accuracy : public ::testing::TestWithParam<std::string> {};

/// Expects that `row` keeps its contract on layers with `width` elements.
void expect_contract(const activation_row& row, accuracy tier, const std::string& cpu, std::uint32_t width,
                     const std::array<float, 2>& parameters, std::uint64_t stride) {
  std::string error;
  const auto subject = activation_under_test::compile(row, tier, cpu, error, width, parameters);
  ASSERT_TRUE(subject) << error;
  accuracy_report report = subject->test_all(stride, std::max(1u, std::thread::hardware_concurrency()));
  for (const float point : tools::turning_points(row, parameters))
    for (const float x : {point, -point}) {
      const std::uint64_t centre = tools::index_in_order(x);
      report.merge(subject->test(centre < 500 ? 0 : centre - 500, 1000, 1));
    }
  const bool exact = tier == accuracy::exact, scaled = tier == accuracy::approximate && row.has_approximate;
  const double contract = tools::contract_of(row, tier, tools::rounding::nearest, parameters);
  std::printf("%-13s %-11s %7.4f %s at %-15g contract %g\n", std::string(row.name).c_str(),
              std::string(name_of(tier)).c_str(), scaled ? report.scaled * 0x1p13 : report.ulp,
              scaled ? "of 2^-13" : "ulp", static_cast<double>(scaled ? report.scaled_at : report.ulp_at), contract);
  const auto name = [&] {
    return std::string(row.name) + "(x, " + std::to_string(parameters[0]) + ", " + std::to_string(parameters[1]) + ")";
  };
  EXPECT_EQ(report.wrong, 0u) << name() << ": NaN, infinity or the sign of zero is wrong, for example at "
                              << report.wrong_at;
  if (scaled)
    EXPECT_LE(report.scaled, approximate_error) << name() << " at " << report.scaled_at;
  else
    EXPECT_LE(report.ulp, contract) << name() << " at " << report.ulp_at;
  // Polynomials of neighbouring cells meet, up to rounding.
  const activation continuous[] = {activation::sigmoid, activation::tanh, activation::erf, activation::softplus};
  if (scaled && parameters == row.defaults && std::ranges::find(continuous, row.id) != std::end(continuous)) {
    EXPECT_LE(report.back, 4e-7) << row.name << " is not monotone at " << report.against_at;
  }
  if (exact && (row.id == activation::sigmoid || row.id == activation::tanh)) {
    EXPECT_EQ(report.against, 0u) << row.name << " is not monotone at " << report.against_at;
  }
}

TEST_P(Accuracy, EveryActivationKeepsItsContract) {
  for (const activation_row& row : activation_table)
    for (const accuracy tier : accuracy_tiers)
      expect_contract(row, tier, GetParam(), activation_under_test::usual_width, row.defaults, 5003);
}

TEST_P(Accuracy, SoDoesItAtOtherParameters) {
  for (const tools::parameter_set& set : tools::parameter_sets)
    for (const accuracy tier : accuracy_tiers) {
      const activation_row& row = row_of(set.id);
      if (!row.has(tier)) continue;
      expect_contract(row, tier, GetParam(), activation_under_test::usual_width, set.values, 40009);
    }
}

TEST_P(Accuracy, SoDoesItInLayersOfOneElement) {
  for (const activation_row& row : activation_table)
    expect_contract(row, accuracy::exact, GetParam(), 1, row.defaults, 5003);
}

TEST_P(Accuracy, ContractsHoldInEveryRoundingMode) {
  for (const activation_row& row : activation_table)
    for (const accuracy tier : accuracy_tiers)
      for (const std::uint32_t width : {activation_under_test::usual_width, 1u}) {
        if (!row.has(tier) || (tier != accuracy::exact && width == 1)) continue;
        std::string error;
        const auto subject = activation_under_test::compile(row, tier, GetParam(), error, width);
        ASSERT_TRUE(subject) << error;
        for (const tools::rounding mode : tools::all_roundings) {
          if (mode == tools::rounding::nearest) continue;
          subject->call_in(mode);
          accuracy_report report = subject->test_all(100003, std::max(1u, std::thread::hardware_concurrency()));
          for (const float point : tools::turning_points(row, row.defaults))
            for (const float x : {point, -point})
              report.merge(subject->test(std::max(100u, tools::index_in_order(x)) - 100, 200, 1));
          // Here a reduced argument would exceed the polynomial's range if the kernel did not round to nearest.
          report.merge(subject->test(tools::index_in_order(0.000477f) - 1000, 2000, 1));
          EXPECT_EQ(report.wrong, 0u) << row.name << ": a special value is wrong, for example at " << report.wrong_at;
          EXPECT_TRUE(tools::keeps_contract(report, row, tier, mode, row.defaults))
              << row.name << ", " << name_of(tier) << ": " << report.ulp << " ulp at " << report.ulp_at
              << ", rounding mode " << static_cast<int>(mode);
        }
      }
}

INSTANTIATE_TEST_SUITE_P(Cpus, Accuracy, ::testing::ValuesIn(tools::runnable_cpus()), name_of_cpu);

TEST(AccuracyReport, SeesWhatIsWrong) {
  // Measure sigmoid against a function that decreases and is infinite at infinity.
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

TEST(ParameterSets, EveryParameterIsVaried) {
  for (const activation_row& row : activation_table)
    for (std::uint32_t p = 0; p < row.parameters; ++p)
      EXPECT_GE(std::ranges::count_if(tools::parameter_sets,
                                      [&](const tools::parameter_set& set) {
                                        return set.id == row.id && set.values[p] != row.defaults[p];
                                      }),
                2)
          << row.name << ": add parameters other than the defaults to parameter_sets";
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
