// SPDX-License-Identifier: Apache-2.0
// Places the names of points in a picture: tries many places around each point and takes the best.
#include "labels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <utility>

namespace inlay::bench {
namespace {

/// Twice the signed area of a triangle; the sign tells its direction of rotation.
double turn(double ax, double ay, double bx, double by, double cx, double cy) {
  return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
}

constexpr box around(const named_point& point) {
  return {point.x - point_radius, point.y - point_radius, point.x + point_radius, point.y + point_radius};
}

/// The label whose nearest corner or edge is `distance` from the point in the direction `angle`.
label at(const named_point& point, double distance, double angle) {
  const double width = text_width(point.name), dx = std::cos(angle), dy = std::sin(angle);
  const double x = point.x + distance * dx, y = point.y + distance * dy;
  const bool above_or_below = std::abs(dx) < 0.2;
  const double left = above_or_below ? x - width / 2 : dx > 0 ? x : x - width;
  const double top = std::abs(dy) < 0.2 ? y - text_height / 2 : dy > 0 ? y : y - text_height;
  const box place{left, top, left + width, top + text_height};
  // From the point's edge to the nearest place of the text.
  const double to_x = std::clamp(point.x, place.x0, place.x1), to_y = std::clamp(point.y, place.y0 + 2, place.y1 - 2);
  const double length = std::max(std::hypot(to_x - point.x, to_y - point.y), 1e-9);
  const double start = std::min(point_radius / length, 1.0);
  return {place, {point.x + start * (to_x - point.x), point.y + start * (to_y - point.y), to_x, to_y}};
}

}  // namespace

bool segment::meets(const box& b) const {
  if (std::max(x0, x1) < b.x0 || std::min(x0, x1) > b.x1 || std::max(y0, y1) < b.y0 || std::min(y0, y1) > b.y1)
    return false;
  const auto side = [&](double x, double y) { return turn(x0, y0, x1, y1, x, y) > 0; };
  const bool first = side(b.x0, b.y0);
  return first != side(b.x1, b.y0) || first != side(b.x0, b.y1) || first != side(b.x1, b.y1);
}

bool segment::meets(const segment& o) const {
  const auto apart = [](const segment& line, const segment& ends) {
    return (turn(line.x0, line.y0, line.x1, line.y1, ends.x0, ends.y0) > 0) !=
           (turn(line.x0, line.y0, line.x1, line.y1, ends.x1, ends.y1) > 0);
  };
  return apart(*this, o) && apart(o, *this);
}

double text_width(const std::string& text) { return 6.4 * static_cast<double>(text.size()) + 4; }

double label_placer::cost(const label& candidate, const named_point& of, const std::vector<named_point>& points,
                          const std::vector<label>& others) const {
  constexpr double unreadable = 1e6, ambiguous = 2e3, disturbing = 12;
  const auto& [place, leader] = candidate;
  double sum = area_.contains(place) ? 0 : unreadable;
  for (const box& each : taken_) sum += place.meets(each) ? unreadable : leader.meets(each) ? ambiguous : 0;
  for (const label& each : others) {
    if (each.place.meets(place)) sum += unreadable;
    if (each.leader.meets(place) || leader.meets(each.place)) sum += ambiguous;
    if (each.leader.meets(leader)) sum += ambiguous;
  }
  for (const named_point& each : points) {
    if (place.meets(around(each))) sum += unreadable;
    if (&each != &of && leader.meets(around(each))) sum += ambiguous;
    // A name close to another point misleads, even with a line to its own.
    const double to_other =
        std::hypot(std::clamp(each.x, place.x0, place.x1) - each.x, std::clamp(each.y, place.y0, place.y1) - each.y);
    if (&each != &of && to_other < 10) sum += 20;
  }
  for (const segment& each : lines_) sum += each.meets(place) ? disturbing : 0;
  return sum + std::hypot(leader.x1 - of.x, leader.y1 - of.y);
}

std::vector<label> label_placer::place(const std::vector<named_point>& points) {
  const auto neighbours = [&](std::size_t i) {
    return std::ranges::count_if(points, [&](const named_point& other) {
      return std::abs(other.x - points[i].x) < 120 && std::abs(other.y - points[i].y) < 40;
    });
  };
  std::vector<std::size_t> order(points.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(
      order, [&](std::size_t a, std::size_t b) { return std::pair(neighbours(b), a) < std::pair(neighbours(a), b); });
  std::vector<label> result(points.size());
  std::vector<bool> placed(points.size());
  // The first names were placed without knowing the others; later sweeps move them.
  for (int sweep = 0; sweep < 4; ++sweep)
    for (const std::size_t i : order) {
      std::vector<label> others;
      for (std::size_t j = 0; j < points.size(); ++j)
        if (j != i && placed[j]) others.push_back(result[j]);
      double least = std::numeric_limits<double>::infinity();
      for (double distance = 9; distance < 260; distance *= 1.22)
        for (int direction = 0; direction < 32; ++direction) {
          const label candidate = at(points[i], distance, direction * std::numbers::pi / 16);
          const double its_cost = cost(candidate, points[i], points, others);
          if (its_cost < least) least = its_cost, result[i] = candidate;
        }
      placed[i] = true;
    }
  return result;
}

}  // namespace inlay::bench
