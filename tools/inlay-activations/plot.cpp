// SPDX-License-Identifier: Apache-2.0
// Draws the pictures of the page.
#include "plot.hpp"

#include <algorithm>
#include <cmath>

#include "text.hpp"

namespace inlay::activations_page {
namespace {

using bench::escaped;
using bench::format;

/// A linear scale from values to pixels.
struct scale {
  interval values;
  double from, to;
  double operator()(double value) const { return from + (value - values.low) / values.length() * (to - from); }
};

/// Where a plot's contents lie in its picture.
struct frame {
  double width, height, left, right, top, bottom;
  double across() const { return width - left - right; }
  double down() const { return height - top - bottom; }
  double end() const { return width - right; }
  double floor() const { return height - bottom; }
};

/// Texts need a margin; all full plots have the same, so that their axes are in line.
constexpr frame curve_frame{460, 300, 44, 14, 30, 26};
constexpr frame error_frame{460, 190, 44, 14, 30, 38};

std::string line(const char* kind, double x1, double y1, double x2, double y2) {
  return format("<path class=\"%s\" d=\"M%.1f %.1fL%.1f %.1f\"/>", kind, x1, y1, x2, y2);
}

std::string rectangle(const char* kind, double x, double y, double width, double height) {
  return format("<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>", kind, x, y,
                std::max(width, 0.0), std::max(height, 0.0));
}

/// `anchor` is "start", "middle" or "end".
std::string text(const char* kind, const char* anchor, double x, double y, const std::string& words) {
  return format("<text class=\"%s\" text-anchor=\"%s\" x=\"%.1f\" y=\"%.1f\">", kind, anchor, x, y) + words + "</text>";
}

std::string opening(const frame& f, const std::string& label) {
  return format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %g %g\" role=\"img\" aria-label=\"", f.width,
                f.height) +
         escaped(label) + "\">";
}

/// The distance between two marks of an axis: 1, 2 or 5 times a power of ten, with at most `most` marks.
double distance_of_marks(double length, int most) {
  const double least = length / most, decade = std::pow(10, std::floor(std::log10(least)));
  for (const double digit : {1.0, 2.0, 5.0})
    if (digit * decade >= least * 0.999) return digit * decade;
  return 10 * decade;
}

double distance_to_line(point p, point a, point b) {
  const double length = std::hypot(b.x - a.x, b.y - a.y);
  return length < 1e-9 ? std::hypot(p.x - a.x, p.y - a.y)
                       : std::abs((b.x - a.x) * (a.y - p.y) - (a.x - p.x) * (b.y - a.y)) / length;
}

/// The points that a line needs to stay within `tolerance` (Douglas and Peucker, 1973): appends those behind `first` up
/// to `last`.
void simplify(const std::vector<point>& points, std::size_t first, std::size_t last, double tolerance,
              std::vector<point>& kept) {
  std::size_t worst = first;
  double distance = tolerance;
  for (std::size_t i = first + 1; i < last; ++i)
    if (const double d = distance_to_line(points[i], points[first], points[last]); d > distance)
      distance = d, worst = i;
  if (worst == first) {
    if (last > first) kept.push_back(points[last]);
    return;
  }
  simplify(points, first, worst, tolerance, kept);
  simplify(points, worst, last, tolerance, kept);
}

/// `f` as a path. `thumbnail` draws fewer points.
std::string curve(const char* kind, const std::function<double(double)>& f, const scale& x, const scale& y,
                  bool thumbnail) {
  // What lies further away is cut off, and SVG's numbers stay small.
  const double beyond = std::abs(y.to - y.from);
  const double low = std::min(y.from, y.to) - beyond, high = std::max(y.from, y.to) + beyond;
  std::string path;
  for (const std::vector<point>& each : lines_of(f, x.values, 480, 0.08 * y.values.length())) {
    std::vector<point> pixels, kept;
    for (const point& p : each) pixels.push_back({x(p.x), std::clamp(y(p.y), low, high)});
    kept.push_back(pixels.front());
    simplify(pixels, 0, pixels.size() - 1, thumbnail ? 0.2 : 0.08, kept);
    char letter = 'M';
    for (const point& p : kept) path += format("%c%.1f %.1f", letter, p.x, p.y), letter = 'L';
  }
  return format("<path class=\"%s\" d=\"", kind) + path + "\"/>";
}

/// A picture inside of a picture cuts off what leaves it.
std::string clipped(const frame& f, const std::string& contents) {
  return format("<svg x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" viewBox=\"%g %g %g %g\">", f.left, f.top, f.across(),
                f.down(), f.left, f.top, f.across(), f.down()) +
         contents + "</svg>";
}

std::string curves(const activation_row& row, const scale& x, const scale& y, bool thumbnail) {
  // Some derivatives are numbers where the function is not, as that of log is below 0.
  const auto f = curve_of(row), derivative = derivative_of(row);
  const auto slope = [&](double at) { return math::is_nan(f(at)) ? math::nan : derivative(at); };
  // The dashed derivative comes last, so that both are seen where they coincide, as for exp.
  return curve("curve", f, x, y, thumbnail) + curve("slope", slope, x, y, thumbnail);
}

/// The parts of the window on which the activation is flat; empty if there is none.
std::string flat_parts(const shape& s, const scale& x, const frame& f) {
  std::string svg;
  for (const interval& each : s.flat) {
    const double left = x(std::max(each.low, s.x.low)), right = x(std::min(each.high, s.x.high));
    if (right > left) svg += rectangle("flat", left, f.top, right - left, f.down());
  }
  return svg;
}

/// The class of a tier's marks is its name, a literal.
const char* kind_of(accuracy tier) { return name_of(tier).data(); }

/// The place of a float on the axis of buckets, in buckets.
double place_of(const std::vector<bucket>& buckets, float x) {
  const std::uint32_t i = tools::index_in_order(x);
  for (std::size_t b = 0; b < buckets.size(); ++b)
    if (i <= buckets[b].last)
      return static_cast<double>(b) + (i < buckets[b].first
                                           ? 0.0
                                           : static_cast<double>(i - buckets[b].first) /
                                                 (static_cast<double>(buckets[b].last - buckets[b].first) + 1));
  return static_cast<double>(buckets.size());
}

/// The axis of all floats, below an error plot.
std::string axis_of_floats(const frame& f, const scale& x, const std::vector<bucket>& buckets) {
  std::string svg;
  const auto mark = [&](double place, const std::string& label) {
    const double at = x(place);
    svg += line("grid", at, f.top, at, f.floor()) + text("mark", "middle", at, f.floor() + 14, label);
  };
  mark(0, "−∞"), mark(static_cast<double>(buckets.size()), "∞"), mark(place_of(buckets, 0.0f), "0");
  for (const int exponent : {-20, -10, 0, 10}) {
    const float value = std::ldexp(1.0f, exponent);
    // A bucket ends with its power of two.
    mark(place_of(buckets, value), exponent == 0 ? "1" : power(2, exponent));
    mark(place_of(buckets, -value), exponent == 0 ? "−1" : "−" + power(2, exponent));
  }
  return svg + text("mark", "middle", f.left + f.across() / 2, f.height - 6, "x, over all floats (logarithmic)");
}

/// The errors of one form: a step for each bucket, none where nothing is compared.
std::string steps_of(const form_result& form, const scale& x, const scale& y, double floor, bool filled) {
  std::string path;
  bool drawing = false;
  for (std::size_t b = 0; b < form.errors.size(); ++b) {
    const bool is = form.errors[b].has_value();
    const double left = x(static_cast<double>(b)), right = x(static_cast<double>(b + 1));
    if (is && !drawing) path += filled ? format("M%.1f %.1fV", left, floor) : format("M%.1f ", left);
    if (is && drawing) path += "V";
    if (is) path += format("%.1fH%.1f", y(*form.errors[b]), right);
    if (filled && drawing && !is) path += format("V%.1fZ", floor);
    drawing = is;
  }
  if (filled && drawing) path += format("V%.1fZ", floor);
  return format("<path class=\"%s %s\" d=\"", filled ? "area" : "steps", kind_of(form.tier)) + path + "\"/>";
}

}  // namespace

std::string number(double value, int digits) {
  if (std::isinf(value)) return value < 0 ? "−∞" : "∞";
  std::string result = format("%.*g", digits, std::abs(value));
  if (const std::size_t e = result.find('e'); e != std::string::npos)
    result = result.substr(0, e) + "·" + power(10, std::atoi(result.c_str() + e + 1));
  return (std::signbit(value) && result != "0" ? "−" : "") + result;
}

std::string power(int base, int exponent) {
  static constexpr const char* digits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string result = std::to_string(base);
  for (const char c : std::to_string(exponent)) result += c == '-' ? "⁻" : digits[c - '0'];
  return result;
}

std::string curve_plot(const activation_row& row, const shape& s) {
  constexpr frame f = curve_frame;
  const scale x{s.x, f.left, f.end()}, y{s.y, f.floor(), f.top};
  std::string svg = opening(f, std::string(row.name) + " and its derivative"), inside, axes;
  inside += flat_parts(s, x, f);
  const bool shaded = !inside.empty();
  const double dx = distance_of_marks(s.x.length(), 12), dy = distance_of_marks(s.y.length(), 8);
  for (double v = std::ceil(s.x.low / dx) * dx; v <= s.x.high + dx * 1e-6; v += dx) {
    const bool zero = std::abs(v) < dx / 2;
    (zero ? axes : inside) += line(zero ? "axis" : "grid", x(v), f.top, x(v), f.floor());
    svg += text("mark", "middle", x(v), f.floor() + 15, zero ? "0" : number(v));
  }
  for (double v = std::ceil(s.y.low / dy) * dy; v <= s.y.high; v += dy) {
    const bool zero = std::abs(v) < dy / 2;
    (zero ? axes : inside) += line(zero ? "axis" : "grid", f.left, y(v), f.end(), y(v));
    svg += text("mark", "end", f.left - 6, y(v) + 4, zero ? "0" : number(v));
  }
  svg += clipped(f, inside + axes + curves(row, x, y, false));
  svg += line("curve", f.left, 14, f.left + 22, 14) +
         text("label", "start", f.left + 28, 18, escaped(std::string(row.name)) + "(x)");
  const double second = f.left + 48 + 8 * static_cast<double>(row.name.size() + 3);
  svg += line("slope", second, 14, second + 22, 14) + text("label", "start", second + 28, 18, "its derivative");
  if (shaded) svg += rectangle("flat", second + 134, 8, 22, 12) + text("label", "start", second + 162, 18, "flat");
  return svg + "</svg>";
}

std::string curve_thumbnail(const activation_row& row, const shape& s) {
  constexpr frame f{64, 40, 1, 1, 2, 2};
  const scale x{s.x, f.left, f.end()}, y{s.y, f.floor(), f.top};
  return opening(f, "curve of " + std::string(row.name)) +
         clipped(f, line("axis", f.left, y(0), f.end(), y(0)) + line("axis", x(0), f.top, x(0), f.floor()) +
                        curves(row, x, y, true)) +
         "</svg>";
}

std::string error_plot(const std::vector<const form_result*>& forms) {
  constexpr frame f = error_frame;
  const bool scaled = forms.front()->scaled;
  const std::vector<bucket> buckets = sweep_buckets();
  double most = 0;
  for (const form_result* each : forms) most = std::max({most, each->limit, each->worst()});
  const scale x{{0, static_cast<double>(buckets.size())}, f.left, f.end()}, y{{0, most * 1.12}, f.floor(), f.top};
  std::string svg =
      opening(f, scaled ? "error of the approximate form over all floats" : "error in ulp over all floats");
  // Where nothing is compared, in one piece each.
  std::string holes;
  for (std::size_t b = 0; b < buckets.size(); ++b) {
    std::size_t end = b;
    while (end < buckets.size() && !forms.front()->errors[end]) ++end;
    if (end == b) continue;
    holes += rectangle("hole", x(static_cast<double>(b)), f.top,
                       x(static_cast<double>(end)) - x(static_cast<double>(b)), f.down());
    b = end;
  }
  svg += holes + axis_of_floats(f, x, buckets);
  const double step = distance_of_marks(y.values.high, 5);
  for (double v = 0; v <= y.values.high; v += step)
    svg += line(v > 0 ? "grid" : "axis", f.left, y(v), f.end(), y(v)) +
           text("mark", "end", f.left - 6, y(v) + 4, number(v));
  for (std::size_t i = 0; i < forms.size(); ++i) svg += steps_of(*forms[i], x, y, f.floor(), i == 0);
  double label = f.left;
  for (const form_result* each : forms) {
    const std::string kind = kind_of(each->tier);
    svg += line(("limit " + kind).c_str(), f.left, y(each->limit), f.end(), y(each->limit));
    if (each->certified && each->certified->worst > 0)
      svg += format("<circle class=\"ring %s\" cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\"/>", kind.c_str(),
                    x(place_of(buckets, each->certified->at)), y(std::min(each->certified->worst, y.values.high)));
  }
  for (const form_result* each : forms) {
    svg += rectangle(("key " + std::string(kind_of(each->tier))).c_str(), label, 8, 12, 12);
    const std::string words =
        std::string(name_of(each->tier)) + ", limit " + (scaled ? "2⁻¹³" : number(each->limit) + " ulp");
    svg += text("label", "start", label + 17, 18, words);
    label += 42 + 6.5 * static_cast<double>(name_of(each->tier).size() + 14);
  }
  return svg + "</svg>";
}

std::string time_plot(const activation_result& result, double longest) {
  constexpr double bar = 20, left = 84, right = 84, width = 460;
  const frame f{width, bar * static_cast<double>(result.forms.size()) + 6, left, right, 2, 4};
  const scale x{{0, longest}, f.left, f.end()};
  std::string svg = opening(f, "time per element");
  double top = f.top;
  for (const form_result& each : result.forms) {
    const double end = x(each.time.median);
    svg += text("label", "end", f.left - 6, top + 14, std::string(name_of(each.tier)));
    svg += rectangle(("key " + std::string(kind_of(each.tier))).c_str(), f.left, top + 4, end - f.left, bar - 8);
    svg += text("label", "start", end + 6, top + 14, format("%.3f ns", each.time.median * 1e9));
    top += bar;
  }
  return svg + "</svg>";
}

std::string overview_picture(const std::vector<const activation_row*>& rows) {
  constexpr int columns = 8;
  constexpr double width = 112, height = 92, gap = 8;
  constexpr const char* style =
      "text{font:12px sans-serif;fill:#222}path{fill:none}.axis{stroke:#bbb}.curve{stroke:#0b57d0;stroke-width:2}"
      ".slope{stroke:#c2410c;stroke-width:1.2;stroke-dasharray:4 2}.flat{fill:#f1ede2}.sheet{fill:#fff}"
      "@media(prefers-color-scheme:dark){text{fill:#ddd}.axis{stroke:#555}.curve{stroke:#8ab4f8}.slope{stroke:#f6a66a}"
      ".flat{fill:#2b2820}.sheet{fill:#16181c}}";
  const double lines = std::ceil(static_cast<double>(rows.size()) / columns);
  const frame whole{columns * (width + gap) + gap, lines * (height + gap) + gap, 0, 0, 0, 0};
  std::string svg = opening(whole, "the curves of all activations, with their derivatives");
  svg += std::string("<style>") + style + "</style>\n" + rectangle("sheet", 0, 0, whole.width, whole.height) + "\n";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double left = gap + static_cast<double>(i % columns) * (width + gap);
    const double top = gap + static_cast<double>(i / columns) * (height + gap);
    const frame f{whole.width, whole.height, left, whole.width - left - width, top + 18, whole.height - top - height};
    const shape s = shape_of(*rows[i]);
    const scale x{s.x, f.left, f.end()}, y{s.y, f.floor(), f.top};
    std::string inside = flat_parts(s, x, f);
    inside += line("axis", f.left, y(0), f.end(), y(0)) + line("axis", x(0), f.top, x(0), f.floor());
    svg += text("name", "start", left, top + 12, escaped(std::string(rows[i]->name)));
    svg += clipped(f, inside + curves(*rows[i], x, y, true)) + "\n";
  }
  return svg + "</svg>\n";
}

}  // namespace inlay::activations_page
