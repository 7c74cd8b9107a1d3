// SPDX-License-Identifier: Apache-2.0
// Looks for a reason that no line separates two classes.
#include "rings.hpp"

#include <algorithm>

namespace circles_example {
namespace {

/// Twice the area of the triangle, positive if its corners are counter-clockwise.
double area(const point& a, const point& b, const point& c) {
  return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

/// How far inside of the triangle p is: the least of its barycentric coordinates, at most 1/3. Not positive if p is on
/// an edge or outside.
double depth(const point& p, const std::array<point, 3>& t) {
  const double all = area(t[0], t[1], t[2]);
  if (all == 0) return 0;
  return std::min({area(t[0], t[1], p) / all, area(t[1], t[2], p) / all, area(t[2], t[0], p) / all});
}

}  // namespace

std::optional<trapped> find_trapped(std::span<const point> points) {
  std::optional<trapped> deepest;
  double most = 0;
  for (std::size_t i = 0; i < points.size(); ++i)
    for (std::size_t j = i + 1; j < points.size(); ++j)
      for (std::size_t k = j + 1; k < points.size(); ++k) {
        const std::array<point, 3> corners{points[i], points[j], points[k]};
        if (corners[1].fires != corners[0].fires || corners[2].fires != corners[0].fires) continue;
        for (const point& p : points)
          if (p.fires != corners[0].fires && depth(p, corners) > most) {
            most = depth(p, corners);
            deepest = trapped{corners, p};
          }
      }
  return deepest;
}

}  // namespace circles_example
