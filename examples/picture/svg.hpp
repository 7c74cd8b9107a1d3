// SPDX-License-Identifier: Apache-2.0
// Writes pictures as SVG: texts, lines, shapes, and panels with axes that place data in the drawing.
#pragma once

#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace picture {

/// printf into a string.
template <class... Argument>
std::string format(const char* pattern, Argument... arguments) {
  std::string text(static_cast<std::size_t>(std::snprintf(nullptr, 0, pattern, arguments...)), ' ');
  std::snprintf(text.data(), text.size() + 1, pattern, arguments...);
  return text;
}

/// A number as printf writes it with `pattern`, but with a minus sign instead of a hyphen, and without one for 0.
std::string number(const char* pattern, double value);

/// A place in the drawing, in its pixels from the upper left corner, or in the units of a panel.
struct place {
  double x, y;
};

/// Shapes on a white page. Every shape has a class: `style` of the constructor says in CSS what the classes look like.
/// There are classes already: `title`, `heading`, `note`, `mark` (centred), `value` (ends at its place), `frame`,
/// `grid`.
class drawing {
 public:
  drawing(int width, int height, const std::string& title, std::string_view style);

  /// `text` may hold &, < and >.
  void text(double x, double y, const char* style, std::string_view text);
  /// Lines of text, 18 pixels apart.
  void lines(double x, double y, const char* style, std::span<const std::string> texts);
  void line(const char* style, place from, place to);
  void rectangle(const char* style, double x, double y, double width, double height);
  void circle(const char* style, place centre, double radius);
  void ellipse(const char* style, place centre, double radius_x, double radius_y);
  /// Straight lines from place to place, which `closed` ends where it began.
  void path(const char* style, std::span<const place> places, bool closed);
  /// Any element, as SVG.
  void element(std::string_view svg) { svg_ += svg; }

  /// The whole file.
  std::string svg() const { return svg_ + "</svg>\n"; }

 private:
  std::string svg_;
};

/// From `low` to `high` of what an axis shows.
struct range {
  double low, high;
};

/// The line a x + b y + c = 0 inside of a rectangle.
struct cut {
  std::vector<place> line;      ///< its two ends, or nothing if it does not cross the rectangle
  std::vector<place> positive;  ///< the corners of the part where a x + b y + c > 0; empty if there is none
};
cut cut_rectangle(range x, range y, double a, double b, double c);

/// A rectangle of a drawing with two axes.
class panel {
 public:
  panel(drawing& d, double left, double top, double width, double height, range x, range y)
      : drawing_(d), left_(left), top_(top), width_(width), height_(height), x_(x), y_(y) {}

  /// Where a value is in the drawing.
  place at(double x, double y) const {
    return {left_ + (x - x_.low) / (x_.high - x_.low) * width_,
            top_ + height_ - (y - y_.low) / (y_.high - y_.low) * height_};
  }
  std::vector<place> at(std::span<const place> values) const;

  void frame() { drawing_.rectangle("frame", left_, top_, width_, height_); }
  /// Numbers below and to the left at these values, with grid lines, and the name of the axis. `pattern`: "%g".
  void x_axis(std::span<const double> marks, const char* pattern, std::string_view name);
  void y_axis(std::span<const double> marks, const char* pattern, std::string_view name);

  /// The line a x + b y + c = 0, as far as it is inside of the panel.
  void line(const char* style, double a, double b, double c);
  /// The part where a x + b y + c > 0.
  void half(const char* style, double a, double b, double c);

 private:
  drawing& drawing_;
  double left_, top_, width_, height_;
  range x_, y_;
};

}  // namespace picture
