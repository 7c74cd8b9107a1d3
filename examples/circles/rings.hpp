// SPDX-License-Identifier: Apache-2.0
// Two rings of points, and the map that makes them separable by a line.
#pragma once

#include <array>
#include <optional>
#include <span>

#include "../perceptron/perceptron.hpp"

namespace circles_example {

using perceptron_example::point;
using perceptron_example::training;

inline constexpr std::size_t ring_size = 30;

/// As many points in each ring. The neuron shall fire for the outer one.
constexpr std::array<point, 2 * ring_size> make_rings() {
  std::array<point, 2 * ring_size> points{};
  perceptron_example::random_numbers draw(1780393);
  for (std::size_t count = 0, outer_count = 0; count < points.size();) {
    const double x = draw.coordinate(), y = draw.coordinate();
    const double square = x * x + y * y;
    const bool inner = square > 0.3 * 0.3 && square < 0.55 * 0.55;
    const bool outer = square > 0.8 * 0.8 && square < 1;
    if (outer ? outer_count == ring_size : !inner || count - outer_count == ring_size) continue;
    points[count++] = {x, y, outer};
    outer_count += outer;
  }
  return points;
}

/// The feature map (x, y) -> (x^2, y^2).
constexpr point lifted(const point& p) { return {p.x * p.x, p.y * p.y, p.fires}; }

inline constexpr auto rings = make_rings();
inline constexpr auto lifted_rings = [] {
  auto points = rings;
  for (point& each : points) each = lifted(each);
  return points;
}();

/// The patience for the rings as they are.
inline constexpr int most_rounds = 1000;

/// The C++ compiler learns the lifted rings.
inline constexpr training learned = perceptron_example::learn(lifted_rings, most_rounds);

/// Three points of one class and a point of the other class inside of their triangle.
struct trapped {
  std::array<point, 3> corners;
  point inside;
};

/// If there is such a triangle, no line separates the classes: a line with all three corners on one side has their
/// whole triangle there. The point is as deep inside as possible.
std::optional<trapped> find_trapped(std::span<const point> points);

}  // namespace circles_example
