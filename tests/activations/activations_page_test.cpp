// SPDX-License-Identifier: Apache-2.0
// Tests the parts of the page of activations: shapes against values computed by hand, the sweep, certificates, and that
// a broken activation is seen.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>

#include "certificate.hpp"
#include "measure.hpp"
#include "page.hpp"
#include "plot.hpp"
#include "shape.hpp"

namespace inlay::activations_page {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

shape of(activation id) { return shape_of(row_of(id)); }

TEST(Shape, EndsWhereTheDerivativeIsSmall) {
  // s (1 - s) = 1e-4 has the solution s = 1.0001e-4, and x = log(s / (1 - s)).
  const shape sigmoid = of(activation::sigmoid);
  ASSERT_EQ(sigmoid.flat.size(), 2u);
  EXPECT_NEAR(sigmoid.flat[0].high, -9.21014, 1e-4);
  EXPECT_NEAR(sigmoid.flat[1].low, 9.21014, 1e-4);
  EXPECT_TRUE(std::isinf(sigmoid.flat[0].low) && std::isinf(sigmoid.flat[1].high));

  const shape relu = of(activation::relu);
  ASSERT_EQ(relu.flat.size(), 1u);
  EXPECT_EQ(relu.flat[0].high, 0);
  const shape relu6 = of(activation::relu6);
  ASSERT_EQ(relu6.flat.size(), 2u);
  EXPECT_EQ(relu6.flat[1].low, 6);
  EXPECT_GT(relu6.x.high, 6) << "the picture should show that it becomes flat";

  ASSERT_EQ(of(activation::step).flat.size(), 1u);
  EXPECT_TRUE(of(activation::step).flat[0].is_everything());
  EXPECT_TRUE(of(activation::sin).flat.empty());
  EXPECT_TRUE(of(activation::abs).flat.empty());
  // NaN is not flat.
  const shape log = of(activation::log);
  ASSERT_EQ(log.flat.size(), 1u);
  EXPECT_NEAR(log.flat[0].low, 1e4, 0.01);
}

TEST(Shape, EndsWhereF32SeesNoDifference) {
  // tanh(x) rounds to 1 where 1 - tanh(x) = 2 exp(-2 x) is at most 2^-25: x = 13 log(2).
  const shape tanh = of(activation::tanh);
  ASSERT_EQ(tanh.constants.size(), 2u);
  EXPECT_EQ(tanh.constants[0].value, -1);
  EXPECT_NEAR(tanh.constants[1].where.low, 13 * std::log(2.0), 1e-5);
  // exp(x) rounds to infinity from 2^128 (1 - 2^-25) on, and to 0 up to 2^-150.
  const shape exp = of(activation::exp);
  ASSERT_EQ(exp.constants.size(), 2u);
  EXPECT_EQ(exp.constants[0].value, 0);
  EXPECT_NEAR(exp.constants[0].where.high, -150 * std::log(2.0), 1e-4);
  EXPECT_EQ(exp.constants[1].value, infinity);
  EXPECT_NEAR(exp.constants[1].where.low, 128 * std::log(2.0), 1e-4);
  EXPECT_TRUE(of(activation::square).constants.empty() || std::isinf(of(activation::square).constants[0].value));
  EXPECT_TRUE(of(activation::leaky_relu).constants.empty());
}

TEST(Shape, LeastAndLargestValue) {
  EXPECT_NEAR(of(activation::silu).values.low, -0.2784645, 1e-6);
  EXPECT_NEAR(of(activation::gelu).values.low, -0.1699712, 1e-6);
  EXPECT_NEAR(of(activation::mish).values.low, -0.3088421, 1e-6);
  EXPECT_NEAR(of(activation::cos).values.low, -1, 1e-6);
  EXPECT_EQ(of(activation::sigmoid).values.low, 0);
  EXPECT_EQ(of(activation::sigmoid).values.high, 1);
  EXPECT_EQ(of(activation::log).values.low, -infinity);
  EXPECT_EQ(of(activation::sqrt).values.low, 0);
  EXPECT_EQ(of(activation::sqrt).values.high, infinity);
}

TEST(Lines, BreakAtJumpsAndWhereNothingIsFinite) {
  const interval x{-1, 3};
  const auto lines = [&](const std::function<double(double)>& f) { return lines_of(f, x, 77, 0.2); };
  const auto step = lines([](double v) { return v > 0.3 ? 1.0 : 0.0; });
  ASSERT_EQ(step.size(), 2u);
  EXPECT_NEAR(step[0].back().x, 0.3, 1e-9);
  EXPECT_NEAR(step[1].front().x, 0.3, 1e-9);
  EXPECT_EQ(step[0].back().y, 0);
  EXPECT_EQ(step[1].front().y, 1);
  // Steep is not a jump.
  ASSERT_EQ(lines([](double v) { return 30 * v; }).size(), 1u);
  // Begins right behind 0 although no step is there.
  const auto log = lines([](double v) { return v > 0 ? std::log(v) : std::nan(""); });
  ASSERT_EQ(log.size(), 1u);
  EXPECT_GT(log[0].front().x, 0);
  EXPECT_LT(log[0].front().x, 1e-9);
  EXPECT_EQ(log[0].back().x, 3);
  EXPECT_TRUE(lines([](double) { return std::nan(""); }).empty());
}

TEST(Sweep, CoversEveryFloatOnce) {
  const std::vector<bucket> buckets = sweep_buckets();
  EXPECT_EQ(tools::float_in_order(buckets.front().first), -std::numeric_limits<float>::infinity());
  EXPECT_EQ(tools::float_in_order(buckets.back().last), std::numeric_limits<float>::infinity());
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    EXPECT_LE(buckets[i].first, buckets[i].last);
    if (i > 0) {
      EXPECT_EQ(buckets[i].first, buckets[i - 1].last + 1);
    }
    const bucket& mirrored = buckets[buckets.size() - 1 - i];
    EXPECT_EQ(tools::float_in_order(buckets[i].first), -tools::float_in_order(mirrored.last));
  }
  // Where the contract of sine ends, a bucket ends.
  const std::uint32_t end = tools::index_in_order(32768);
  EXPECT_TRUE(std::ranges::any_of(buckets, [&](const bucket& b) { return b.last == end; }));
}

constexpr const char* table =
    "Some text.\n\n| activation | max ulp | contract | at x = | max abs. error | against the function | wrong NaN, "
    "inf, "
    "-0 | |\n|---|---|---|---|---|---|---|---|\n";

TEST(Certificate, ReadsTheTablesOfInlayCertify) {
  std::string error;
  const auto found = read_certificates(
      std::string(table) +
          "| tanh | 1.006 | 1.1 | -0.0310440548 | 5.47e-08 | 0 | 0 | kept |\n"
          "| mish | 4.719 | 6 | -6.8808918 | 3.81e-06 | 4315817 | 0 | kept |\n"
          "| mish | 2.5 | 2 | 1 | 3.81e-06 | 0 | 0 | **broken** |\n"
          "| elu(-0.5) | 2.5 | 3 | 1 | 3.81e-06 | 0 | 0 | kept |\n\n"
          "| network | a | b | c | d | e | f | g |\n| tanh | 9 | 1.1 | 1 | 1 | 0 | 0 | kept |\n\n"
          "| activation | max error / 2^-13 | contract | at x = | max abs. error | against the function | wrong NaN, "
          "inf, -0 | |\n|---|---|---|---|---|---|---|---|\n"
          "| tanh | 0.809 | 1 | -1.14408243 | 9.88e-05 | 1597962 | 0 | kept |",
      error);
  ASSERT_TRUE(found) << error;
  ASSERT_EQ(found->size(), 4u);
  EXPECT_EQ(find(*found, activation::tanh, accuracy::exact)->worst, 1.006);
  EXPECT_EQ(find(*found, activation::tanh, accuracy::exact)->at, -0.0310440548f);
  EXPECT_EQ(find(*found, activation::tanh, accuracy::approximate)->worst, 0.809);
  EXPECT_EQ(find(*found, activation::tanh, accuracy::fast), nullptr);
  EXPECT_EQ(find(*found, activation::mish, accuracy::fast)->worst, 4.719);
  EXPECT_TRUE(find(*found, activation::mish, accuracy::fast)->kept);
  EXPECT_FALSE(find(*found, activation::mish, accuracy::exact)->kept);
}

TEST(Certificate, RefusesWhatTheTableOfActivationsDoesNotHave) {
  const auto error_of = [](const std::string& line) {
    std::string error;
    EXPECT_FALSE(read_certificates(table + line, error));
    return error;
  };
  EXPECT_EQ(error_of("| tahn | 1 | 1.1 | 0 | 0 | 0 | 0 | kept |\n"),
            "line 5: expected the name of an activation, found 'tahn'; write the table with inlay-certify");
  EXPECT_EQ(error_of("| tanh | 1.o | 1.1 | 0 | 0 | 0 | 0 | kept |\n"),
            "line 5: expected a number, found '1.o'; write the table with inlay-certify");
  EXPECT_EQ(error_of("| tanh | nan | 1.1 | 0 | 0 | 0 | 0 | kept |\n"),
            "line 5: expected a number, found 'nan'; write the table with inlay-certify");
  EXPECT_EQ(error_of("| tanh | 1 | 3 | 0 | 0 | 0 | 0 | kept |\n"),
            "line 5: expected the contract of tanh, 1.1 ulp, found '3'; write the table with inlay-certify");
}

TEST(Certificate, EveryFormWithAContractInUlpHasOne) {
  std::ifstream file(INLAY_CERTIFICATES);
  std::string error;
  const auto found = read_certificates(std::string{std::istreambuf_iterator<char>(file), {}}, error);
  ASSERT_TRUE(found) << error;
  for (const activation_row& row : activation_table)
    for (const accuracy tier : {accuracy::exact, accuracy::fast})
      EXPECT_TRUE(!row.has(tier) || find(*found, row.id, tier)) << row.name << " " << name_of(tier);
  for (const certificate& each : *found)
    EXPECT_TRUE(each.kept && each.worst <= each.limit) << row_of(each.id).name << " " << name_of(each.tier);
}

/// Measures with few floats and one round.
std::vector<activation_result> measured(const std::vector<const activation_row*>& rows) {
  std::string error;
  auto results =
      measure(rows, {}, {.cpu = "native", .samples = 64, .rounds = 1}, [](const std::string&, double) {}, error);
  EXPECT_TRUE(results) << error;
  return results ? std::move(*results) : std::vector<activation_result>();
}

TEST(Page, ShowsABrokenActivation) {
  // The compiler makes tanh of this row, whose formula is another one.
  activation_row broken = row_of(activation::tanh);
  broken.formula = row_of(activation::softsign).formula;
  const std::vector<activation_result> results = measured({&row_of(activation::relu), &broken});
  ASSERT_EQ(results.size(), 2u);
  EXPECT_TRUE(results[0].kept());
  EXPECT_FALSE(results[1].kept());
  ASSERT_EQ(results[1].forms.size(), 2u);
  for (const form_result& form : results[1].forms) EXPECT_GT(form.worst(), form.limit);

  const std::string page =
      page_of(results, {.processor = "<Z80 & co>", .target = "", .certificates = "", .options = {}});
  EXPECT_NE(page.find("<p class=\"alarm\">Broken contracts: tanh.</p>"), std::string::npos);
  EXPECT_NE(page.find("<section class=\"card broken\" id=\"tanh\">"), std::string::npos);
  EXPECT_NE(page.find("<section class=\"card\" id=\"relu\">"), std::string::npos);
  EXPECT_NE(page.find("<p class=\"alarm\">exact breaks its contract.</p>"), std::string::npos);
  EXPECT_NE(page.find("&lt;Z80 &amp; co&gt;"), std::string::npos);
}

TEST(Page, ShowsAWrongSpecialValue) {
  activation_row broken = row_of(activation::relu);
  broken.formula = [](double x, double, double) { return x < 0 ? 0.0 : x > 0x1p127 ? math::infinity : x; };
  const std::vector<activation_result> results = measured({&broken});
  ASSERT_EQ(results.size(), 1u);
  EXPECT_GT(results[0].forms[0].total.wrong, 0u);
  EXPECT_FALSE(results[0].kept());
  const std::string page = page_of(results, {.processor = "", .target = "", .certificates = "", .options = {}});
  EXPECT_NE(page.find("NaN, an infinity or the sign of zero is wrong, for example at x = "), std::string::npos);
}

TEST(Page, MeasuresErrorsOfARoundedConstant) {
  // hard_sigmoid multiplies by 1/6 as a float, so some results are off by one rounding more, and none at 3 and beyond.
  const std::vector<activation_result> results = measured({&row_of(activation::hard_sigmoid)});
  const form_result& form = results.at(0).forms.at(0);
  EXPECT_GT(form.worst(), 0.5);
  EXPECT_LE(form.worst(), 2);
  ASSERT_EQ(form.errors.size(), sweep_buckets().size());
  EXPECT_EQ(form.errors.front(), bucket_error(0.0));
  EXPECT_EQ(form.errors.back(), bucket_error(0.0));
  double largest = 0;
  for (const bucket_error& each : form.errors) largest = std::max(largest, each.value_or(0));
  EXPECT_EQ(largest, form.worst());
}

TEST(Page, LeavesOutWhatHasNoError) {
  const std::vector<activation_result> results =
      measured({&row_of(activation::log), &row_of(activation::exp), &row_of(activation::sin)});
  ASSERT_EQ(results.size(), 3u);
  const auto has = [&](std::size_t result, float x) {
    const std::vector<bucket> buckets = sweep_buckets();
    for (std::size_t b = 0; b < buckets.size(); ++b)
      if (buckets[b].last >= tools::index_in_order(x)) return results[result].forms[0].errors[b].has_value();
    return false;
  };
  EXPECT_FALSE(has(0, -1));  // log is NaN
  EXPECT_TRUE(has(0, 1));
  EXPECT_TRUE(has(1, 80));
  EXPECT_FALSE(has(1, 1e6f));  // exp is infinite
  EXPECT_TRUE(has(2, 32768));
  EXPECT_FALSE(has(2, 1e6f));  // the contract of sin ends at 2^15
}

TEST(Page, Numbers) {
  EXPECT_EQ(number(-0.031044), "−0.031");
  EXPECT_EQ(number(1.2345e38, 4), "1.234·10³⁸");
  EXPECT_EQ(number(-infinity), "−∞");
  EXPECT_EQ(number(-0.0), "0");
  EXPECT_EQ(power(2, -20), "2⁻²⁰");
  EXPECT_EQ(words_of({-infinity, 0}), "up to x = 0");
  EXPECT_EQ(words_of({9.25, infinity}), "from x = 9.25 on");
}

}  // namespace
}  // namespace inlay::activations_page
