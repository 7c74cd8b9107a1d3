// SPDX-License-Identifier: Apache-2.0
// Tests the learning rule on hand-computed updates, the margin against a search, and the bound in any order.
#include "perceptron/perceptron.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>
#include <tuple>

#include "circles/rings.hpp"
#include "perceptron/analysis.hpp"
#include "perceptron/picture.hpp"
#include "perceptron/plane.hpp"
#include "perceptron/points.hpp"

namespace perceptron_example {
namespace {

constexpr std::array<point, 4> and_points{{{0, 0, false}, {0, 1, false}, {1, 0, false}, {1, 1, true}}};

TEST(learn, and_takes_ten_updates) {
  const std::vector<update> updates = updates_of(and_points, 100);
  // Round, x, y of the mistake; weights after it. Computed by hand.
  const std::vector<std::array<double, 6>> expected{
      {1, 1, 1, 1, 1, 1},  {2, 0, 0, 1, 1, 0},  {2, 0, 1, 1, 0, -1}, {2, 1, 1, 2, 1, 0},  {3, 0, 1, 2, 0, -1},
      {3, 1, 0, 1, 0, -2}, {3, 1, 1, 2, 1, -1}, {4, 1, 0, 1, 1, -2}, {4, 1, 1, 2, 2, -1}, {5, 0, 1, 2, 1, -2}};
  ASSERT_EQ(updates.size(), expected.size());
  for (std::size_t i = 0; i < updates.size(); ++i) {
    const auto& [round, mistake, w] = updates[i];
    EXPECT_EQ((std::array<double, 6>{static_cast<double>(round), mistake.x, mistake.y, w.x, w.y, w.bias}), expected[i]);
  }
  constexpr training done = learn(and_points, 100);
  static_assert(done.settled && done.rounds == 6 && done.updates == 10);
  static_assert(done.weights == neuron_weights{2, 1, -2});
}

TEST(learn, stops_after_the_last_round_that_it_may_have) {
  constexpr training two = learn(and_points, 2);
  static_assert(!two.settled && two.rounds == 2 && two.updates == 4);
  constexpr training none = learn(and_points, 0);
  static_assert(!none.settled && none.rounds == 0 && none.weights == neuron_weights{});
}

TEST(learn, does_not_fire_on_the_line_as_step_does_not) {
  constexpr neuron_weights w{1, 1, -1};
  static_assert(!w.fires({0.5, 0.5, true}) && w.fires({0.5, 0.75, true}) && !w.fires({0.5, 0.25, true}));
}

TEST(find_cycle, xor_repeats_every_round_from_the_third_on) {
  const cycle found = find_cycle(xor_points, 1000);
  EXPECT_EQ(found.first, 2);
  EXPECT_EQ(found.period, 1);
  EXPECT_EQ(learned_xor.weights, (neuron_weights{-1, 0, 1}));
  EXPECT_EQ(learned_xor.updates, 2 + 3 + 4 * (most_rounds - 2));
}

TEST(find_cycle, what_settles_has_none) {
  EXPECT_EQ(find_cycle(and_points, 1000).period, 0);
  EXPECT_EQ(find_cycle(xor_points, 2).period, 0);  // too early
}

TEST(find_separation, knows_margins_that_a_pencil_finds) {
  const std::array<point, 2> pair{{{1, 0, true}, {-1, 0, false}}};
  const separation of_pair = find_separation(pair);
  EXPECT_NEAR(of_pair.margin, 1, 1e-5);
  EXPECT_NEAR(of_pair.bound(), 2, 1e-4);
  const std::array<point, 1> one{{{3, 4, false}}};
  EXPECT_NEAR(find_separation(one).bound(), 1, 1e-6);
  const separation of_xor = find_separation(xor_points);
  EXPECT_EQ(of_xor.margin, 0);
  EXPECT_LT(of_xor.limit, 1e-3);
}

/// The largest margin of many directions.
double search_margin(std::span<const point> points) {
  constexpr int steps = 600;
  double best = -1;
  for (int i = 0; i <= steps; ++i)
    for (int j = 0; j < 2 * steps; ++j) {
      const double polar = std::numbers::pi * i / steps, around = std::numbers::pi * j / steps;
      const triple u{std::sin(polar) * std::cos(around), std::sin(polar) * std::sin(around), std::cos(polar)};
      double least = 10;
      for (const point& p : points) least = std::min(least, (p.fires ? 1 : -1) * (u[0] * p.x + u[1] * p.y + u[2]));
      best = std::max(best, least);
    }
  return best;
}

TEST(find_separation, agrees_with_a_search_through_all_directions) {
  for (const std::span<const point> points :
       {std::span<const point>(separable), std::span<const point>(circles_example::lifted_rings)}) {
    const separation found = find_separation(points);
    const double searched = search_margin(points);
    EXPECT_NEAR(length(found.direction), 1, 1e-12);
    EXPECT_LE(searched, found.limit + 1e-12);
    EXPECT_GE(searched, found.margin * 0.97);
    EXPECT_LE(found.margin, found.limit);
    EXPECT_GE(found.margin, found.limit * 0.999);
  }
}

TEST(bound, holds_in_any_order) {
  const double bound = find_separation(separable).bound();
  std::vector<point> points(separable.begin(), separable.end());
  std::mt19937 random(1);
  int most = 0;
  for (int i = 0; i < 500; ++i) {
    std::ranges::shuffle(points, random);
    const training done = learn(points, most_rounds);
    ASSERT_TRUE(done.settled);
    EXPECT_EQ(count_right(done.weights, points), static_cast<int>(points.size()));
    most = std::max(most, done.updates);
  }
  EXPECT_LE(most, bound);
  EXPECT_GT(most, 1);
}

TEST(points, both_classes_are_there_and_on_the_grid) {
  for (const std::span<const point> points :
       {std::span<const point>(separable), std::span<const point>(circles_example::rings)}) {
    EXPECT_GE(std::ranges::count(points, true, &point::fires), 10);
    EXPECT_GE(std::ranges::count(points, false, &point::fires), 10);
    for (const point& p : points) {
      EXPECT_EQ(p.x / grid, std::round(p.x / grid));
      EXPECT_EQ(p.y / grid, std::round(p.y / grid));
      EXPECT_LE(std::max(std::abs(p.x), std::abs(p.y)), 1);
    }
  }
}

TEST(equation, begins_with_a_positive_factor) {
  EXPECT_EQ(equation({2, -3, 1}, "x", "y"), "2 x − 3 y = −1");
  EXPECT_EQ(equation({-1, 0, 1}, "x", "y"), "x = 1");
  EXPECT_EQ(equation({0, -2, -4}, "x", "y"), "2 y = −4");
  EXPECT_EQ(equation({-1, 0, 0}, "x", "y"), "x = 0");
  EXPECT_EQ(equation({0, 0, 2}, "x", "y"), "0 = −2");
}

TEST(picture_of_perceptron, has_every_point_and_every_line_in_sight) {
  const std::vector<update> updates = updates_of(and_points, 100), unsettled = updates_of(xor_points, 10);
  const training done = learn(and_points, 100), not_done = learn(xor_points, 10);
  const std::string svg = draw({and_points, updates, done}, find_separation(and_points),
                               {xor_points, unsettled, not_done}, find_cycle(xor_points, 10));
  const auto count = [&](std::string_view what) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = svg.find(what, at)) != std::string::npos; ++at) ++found;
    return found;
  };
  EXPECT_EQ(count("class=\"on\"") + count("class=\"off\""), 2 + 4 + 4 * 4u);  // a legend, one plane, four planes
  EXPECT_EQ(count("class=\"learned\""), 4u);
  EXPECT_EQ(count("class=\"dot\""), 10u);
  EXPECT_EQ(count("nan") + count("inf\""), 0u);
}

}  // namespace
}  // namespace perceptron_example

namespace circles_example {
namespace {

TEST(find_trapped, finds_the_deepest_point_inside_of_another_class) {
  const std::array<point, 5> points{{{0, 0, true}, {6, 0, true}, {0, 6, true}, {1, 0.5, false}, {2, 2, false}}};
  const auto found = find_trapped(points);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->inside.x, 2);
  for (const point& corner : found->corners) EXPECT_TRUE(corner.fires);
}

TEST(find_trapped, finds_nothing_on_an_edge_or_beside_a_line) {
  const std::array<point, 4> edge{{{0, 0, true}, {4, 0, true}, {0, 4, true}, {2, 2, false}}};
  EXPECT_FALSE(find_trapped(edge));
  EXPECT_FALSE(find_trapped(perceptron_example::separable));
  EXPECT_FALSE(find_trapped(lifted_rings));
}

TEST(rings, no_line_separates_them_until_they_are_lifted) {
  EXPECT_TRUE(find_trapped(rings));
  EXPECT_EQ(perceptron_example::find_separation(rings).margin, 0);
  EXPECT_TRUE(learned.settled);
  for (std::size_t i = 0; i < rings.size(); ++i) {
    EXPECT_EQ(lifted_rings[i].x, rings[i].x * rings[i].x);
    EXPECT_EQ(lifted_rings[i].y, rings[i].y * rings[i].y);
    const double radius = std::hypot(rings[i].x, rings[i].y);
    EXPECT_EQ(rings[i].fires, radius > 0.7);
  }
}

}  // namespace
}  // namespace circles_example
