// SPDX-License-Identifier: Apache-2.0
// Places the names of points in a picture so that they can be read: beside their points, without covering anything.
#pragma once

#include <string>
#include <vector>

namespace inlay::bench {

/// In the picture's units, y downwards.
struct box {
  double x0, y0, x1, y1;

  bool meets(const box& o) const { return x0 < o.x1 && o.x0 < x1 && y0 < o.y1 && o.y0 < y1; }
  bool contains(const box& o) const { return x0 <= o.x0 && o.x1 <= x1 && y0 <= o.y0 && o.y1 <= y1; }
};

struct segment {
  double x0, y0, x1, y1;

  bool meets(const box& b) const;
  bool meets(const segment& o) const;
};

/// A point with its name.
struct named_point {
  double x, y;
  std::string name;
};

/// Where a name goes, and the line from the point to it.
struct label {
  box place;
  segment leader;
};

/// Approximate width and height of a text with a font size of 12 units.
double text_width(const std::string& text);
inline constexpr double text_height = 14, point_radius = 6;

class label_placer {
 public:
  /// Names stay inside of `area`.
  explicit label_placer(const box& area) : area_(area) {}
  /// An area that names must not cover.
  void keep_clear(const box& taken) { taken_.push_back(taken); }
  /// A line that names should not cover.
  void avoid(const segment& line) { lines_.push_back(line); }
  /// One label for each point, in the same order. If there is room, names cover neither each other nor points nor areas
  /// to keep clear, and no leader runs through a name.
  std::vector<label> place(const std::vector<named_point>& points);

 private:
  box area_;
  std::vector<box> taken_;
  std::vector<segment> lines_;

  double cost(const label& candidate, const named_point& of, const std::vector<named_point>& points,
              const std::vector<label>& others) const;
};

}  // namespace inlay::bench
