// SPDX-License-Identifier: Apache-2.0
// Writes pictures as SVG.
#include "svg.hpp"

namespace picture {
namespace {

std::string escaped(std::string_view text) {
  std::string safe;
  for (char c : text) {
    if (c == '&')
      safe += "&amp;";
    else if (c == '<')
      safe += "&lt;";
    else if (c == '>')
      safe += "&gt;";
    else
      safe += c;
  }
  return safe;
}

constexpr double line_height = 18;

}  // namespace

std::string number(const char* pattern, double value) {
  const std::string text = format(pattern, value == 0 ? 0.0 : value);
  return text.starts_with('-') ? "−" + text.substr(1) : text;
}

drawing::drawing(int width, int height, const std::string& title, std::string_view style) {
  svg_ = format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\" "
      "font-family=\"sans-serif\">\n<title>%s</title>\n",
      width, height, width, height, escaped(title).c_str());
  svg_ +=
      "<style>text{fill:#222;font-size:13px}.title{font-size:20px;font-weight:bold}.heading{font-size:15px;"
      "font-weight:bold}.mark{text-anchor:middle;font-size:12px}.value{text-anchor:end;font-size:12px}"
      ".frame{fill:none;stroke:#888}.grid{stroke:#e2e2e2;fill:none}";
  svg_ += style;
  svg_ += "</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
}

void drawing::text(double x, double y, const char* style, std::string_view text) {
  svg_ += format("<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">%s</text>\n", x, y, style, escaped(text).c_str());
}

void drawing::lines(double x, double y, const char* style, std::span<const std::string> texts) {
  for (const std::string& each : texts) {
    text(x, y, style, each);
    y += line_height;
  }
}

void drawing::line(const char* style, place from, place to) {
  svg_ += format("<path class=\"%s\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n", style, from.x, from.y, to.x, to.y);
}

void drawing::rectangle(const char* style, double x, double y, double width, double height) {
  svg_ +=
      format("<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n", style, x, y, width, height);
}

void drawing::circle(const char* style, place centre, double radius) {
  svg_ += format("<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"/>\n", style, centre.x, centre.y, radius);
}

void drawing::ellipse(const char* style, place centre, double radius_x, double radius_y) {
  svg_ += format("<ellipse class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" rx=\"%.1f\" ry=\"%.1f\"/>\n", style, centre.x, centre.y,
                 radius_x, radius_y);
}

void drawing::path(const char* style, std::span<const place> places, bool closed) {
  if (places.empty()) return;
  std::string d;
  for (const place& each : places) d += format("%c%.1f %.1f", d.empty() ? 'M' : 'L', each.x, each.y);
  svg_ += format("<path class=\"%s\" d=\"%s%s\"/>\n", style, d.c_str(), closed ? "Z" : "");
}

cut cut_rectangle(range x, range y, double a, double b, double c) {
  const place corners[] = {{x.low, y.low}, {x.high, y.low}, {x.high, y.high}, {x.low, y.high}};
  const auto value = [&](const place& p) { return a * p.x + b * p.y + c; };
  cut found;
  if (a == 0 && b == 0) {  // no line: all or nothing
    if (c > 0) found.positive.assign(corners, corners + 4);
    return found;
  }
  for (std::size_t i = 0; i < 4; ++i) {
    const place &from = corners[i], &to = corners[(i + 1) % 4];
    const double at_from = value(from), at_to = value(to);
    if (at_from >= 0) found.positive.push_back(from);
    // Each edge is without its end, so that a line through a corner crosses only one edge there.
    if (at_from == 0 && at_to == 0) {  // the line is this edge
      found.line = {from, to};
    } else if (at_from == 0) {
      if (found.line.size() < 2) found.line.push_back(from);
    } else if ((at_from < 0) != (at_to < 0) && at_to != 0) {
      const double share = at_from / (at_from - at_to);
      const place crossing{from.x + share * (to.x - from.x), from.y + share * (to.y - from.y)};
      found.positive.push_back(crossing);
      if (found.line.size() < 2) found.line.push_back(crossing);
    }
  }
  if (found.line.size() < 2) found.line.clear();
  if (found.positive.size() < 3) found.positive.clear();
  return found;
}

std::vector<place> panel::at(std::span<const place> values) const {
  std::vector<place> places;
  for (const place& each : values) places.push_back(at(each.x, each.y));
  return places;
}

void panel::x_axis(std::span<const double> marks, const char* pattern, std::string_view name) {
  for (double each : marks) {
    drawing_.line("grid", at(each, y_.low), at(each, y_.high));
    drawing_.text(at(each, 0).x, top_ + height_ + 16, "mark", number(pattern, each));
  }
  drawing_.text(left_ + width_ / 2, top_ + height_ + 34, "mark", name);
}

void panel::y_axis(std::span<const double> marks, const char* pattern, std::string_view name) {
  for (double each : marks) {
    drawing_.line("grid", at(x_.low, each), at(x_.high, each));
    drawing_.text(left_ - 6, at(0, each).y + 4, "value", number(pattern, each));
  }
  const double x = left_ - 40, y = top_ + height_ / 2;
  drawing_.element(format("<text class=\"mark\" transform=\"translate(%.1f %.1f) rotate(-90)\">%s</text>\n", x, y,
                          escaped(name).c_str()));
}

void panel::line(const char* style, double a, double b, double c) {
  drawing_.path(style, at(cut_rectangle(x_, y_, a, b, c).line), false);
}

void panel::half(const char* style, double a, double b, double c) {
  drawing_.path(style, at(cut_rectangle(x_, y_, a, b, c).positive), true);
}

}  // namespace picture
