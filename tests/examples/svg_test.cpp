// SPDX-License-Identifier: Apache-2.0
// Tests the pictures' shapes: lines cut off at a rectangle, axes, texts.
#include "picture/svg.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace picture {
namespace {

/// By the shoelace formula.
double area(const std::vector<place>& corners) {
  double twice = 0;
  for (std::size_t i = 0; i < corners.size(); ++i) {
    const place &a = corners[i], &b = corners[(i + 1) % corners.size()];
    twice += a.x * b.y - b.x * a.y;
  }
  return std::abs(twice) / 2;
}

double distance(const place& a, const place& b) { return std::hypot(a.x - b.x, a.y - b.y); }

constexpr range unit{0, 1}, wide{-1, 3};

TEST(cut_rectangle, a_line_through_the_middle_makes_two_halves) {
  const cut upright = cut_rectangle(wide, unit, 1, 0, -1);  // x = 1
  ASSERT_EQ(upright.line.size(), 2u);
  EXPECT_DOUBLE_EQ(upright.line[0].x, 1);
  EXPECT_DOUBLE_EQ(upright.line[1].x, 1);
  EXPECT_DOUBLE_EQ(distance(upright.line[0], upright.line[1]), 1);
  EXPECT_DOUBLE_EQ(area(upright.positive), 2);
  for (const place& each : upright.positive) EXPECT_GE(each.x, 1);
}

TEST(cut_rectangle, a_diagonal_goes_through_two_corners) {
  for (const double sign : {1.0, -1.0}) {
    const cut diagonal = cut_rectangle(unit, unit, sign, -sign, 0);  // x = y
    ASSERT_EQ(diagonal.line.size(), 2u);
    EXPECT_DOUBLE_EQ(distance(diagonal.line[0], diagonal.line[1]), std::sqrt(2.0));
    EXPECT_DOUBLE_EQ(area(diagonal.positive), 0.5);
  }
}

TEST(cut_rectangle, an_edge_is_a_line_and_has_all_or_nothing_on_its_side) {
  for (const double sign : {1.0, -1.0}) {
    const cut lower = cut_rectangle(unit, unit, 0, sign, 0);  // y = 0
    ASSERT_EQ(lower.line.size(), 2u);
    EXPECT_DOUBLE_EQ(distance(lower.line[0], lower.line[1]), 1);
    EXPECT_DOUBLE_EQ(area(lower.positive), sign > 0 ? 1 : 0);
  }
}

TEST(cut_rectangle, a_line_that_touches_a_corner_or_is_outside_is_not_there) {
  for (const double c : {0.0, 1.0}) {
    EXPECT_TRUE(cut_rectangle(unit, unit, 1, 1, c).line.empty());
    EXPECT_DOUBLE_EQ(area(cut_rectangle(unit, unit, 1, 1, c).positive), 1);
    EXPECT_TRUE(cut_rectangle(unit, unit, -1, -1, -c).positive.empty());
  }
}

TEST(cut_rectangle, without_slopes_there_is_no_line) {
  for (const double c : {-2.0, 0.0, 2.0}) {
    const cut found = cut_rectangle(unit, unit, 0, 0, c);
    EXPECT_TRUE(found.line.empty());
    EXPECT_DOUBLE_EQ(area(found.positive), c > 0 ? 1 : 0);
  }
}

TEST(cut_rectangle, both_sides_of_any_line_fill_the_rectangle) {
  std::mt19937 random(4);
  std::uniform_real_distribution<double> number(-2, 2);
  int lines = 0;
  for (int i = 0; i < 10000; ++i) {
    const double a = number(random), b = number(random), c = number(random);
    const cut one = cut_rectangle(wide, unit, a, b, c), other = cut_rectangle(wide, unit, -a, -b, -c);
    EXPECT_NEAR(area(one.positive) + area(other.positive), 4, 1e-9);
    for (const place& end : one.line) EXPECT_NEAR(a * end.x + b * end.y + c, 0, 1e-9);
    for (const place& corner : one.positive) EXPECT_GE(a * corner.x + b * corner.y + c, -1e-9);
    lines += !one.line.empty();
  }
  EXPECT_GT(lines, 2000);
}

TEST(panel, places_values_with_the_second_axis_upwards) {
  drawing d(100, 100, "t", "");
  const panel p(d, 10, 20, 40, 50, wide, unit);
  EXPECT_DOUBLE_EQ(p.at(-1, 0).x, 10);
  EXPECT_DOUBLE_EQ(p.at(-1, 0).y, 70);
  EXPECT_DOUBLE_EQ(p.at(3, 1).x, 50);
  EXPECT_DOUBLE_EQ(p.at(3, 1).y, 20);
  EXPECT_DOUBLE_EQ(p.at(0, 0.25).x, 20);
  EXPECT_DOUBLE_EQ(p.at(0, 0.25).y, 57.5);
}

TEST(drawing, escapes_texts_and_has_a_white_page) {
  drawing d(100, 50, "a < b", ".x{}");
  d.text(1, 2, "note", "R & D > 1");
  const std::string svg = d.svg();
  EXPECT_NE(svg.find("<title>a &lt; b</title>"), std::string::npos);
  EXPECT_NE(svg.find("R &amp; D &gt; 1"), std::string::npos);
  EXPECT_NE(svg.find("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>"), std::string::npos);
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
}

TEST(number, has_a_minus_sign_and_no_negative_zero) {
  EXPECT_EQ(number("%g", -1.5), "−1.5");
  EXPECT_EQ(number("%g", 1.5), "1.5");
  EXPECT_EQ(number("%g", -0.0), "0");
}

}  // namespace
}  // namespace picture
