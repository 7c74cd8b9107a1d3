// SPDX-License-Identifier: Apache-2.0
// Draws the roofline picture of a report.
#include "roofline.hpp"

#include <algorithm>
#include <cmath>

#include "labels.hpp"
#include "text.hpp"

namespace inlay::bench {
namespace {

constexpr double width = 960, height = 600, left = 64, right = 20, top = 62, bottom = 52;

/// A logarithmic scale. `first` and `last` are exponents of ten, not necessarily whole.
struct scale {
  double first, last, from, to;
  double operator()(double value) const { return from + (std::log10(value) - first) / (last - first) * (to - from); }
  double least() const { return std::pow(10, first); }
  double most() const { return std::pow(10, last); }
};

/// A result in the picture: FLOP per byte, FLOP/s.
struct point {
  double intensity, speed;
  std::string name;
  bool compiled;
};

std::vector<point> points_of(const networks_report& report) {
  std::vector<point> points;
  for (const network_contest& contest : report.contests) {
    if (!contest.layer.empty() || contest.flops == 0) continue;
    const double intensity = contest.flops / (contest.weight_bytes + contest.value_bytes);
    for (const network_result& each : contest.results)
      if (each.contestant == "compiled" || each.contestant == "interpreted")
        points.push_back({intensity, contest.flops / each.time.median,
                          contest.network + " x" + std::to_string(contest.batch), each.contestant == "compiled"});
  }
  return points;
}

/// Lines at 1, 2 and 5 times each power of ten. The powers have labels; in a short scale the other lines have, too.
std::string axis(const scale& s, bool horizontal, const scale& across, double unit) {
  std::string svg;
  const bool is_short = s.last - s.first < 1.6;
  for (double decade = std::floor(s.first); decade <= s.last; ++decade)
    for (const int digit : {1, 2, 5}) {
      const double value = digit * std::pow(10, decade), at = s(value);
      if (value < s.least() || value > s.most()) continue;
      const char* const kind = digit == 1 ? "grid" : "grid fine";
      if (horizontal)
        svg +=
            format("<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' class='%s'/>", at, across.from, at, across.to, kind);
      else
        svg +=
            format("<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' class='%s'/>", across.from, at, across.to, at, kind);
      if (digit != 1 && !is_short) continue;
      if (horizontal)
        svg += format("<text x='%.1f' y='%.1f' text-anchor='middle'>%g</text>", at, across.from + 18, value * unit);
      else
        svg += format("<text x='%.1f' y='%.1f' text-anchor='end'>%g</text>", across.from - 8, at + 4, value * unit);
    }
  return svg;
}

std::string axes(const scale& x, const scale& y) {
  return axis(x, true, y, 1) + axis(y, false, x, 1e-9) +
         format("<text x='%.1f' y='%.1f' text-anchor='middle'>FLOP per byte of weights, inputs and outputs</text>",
                (x.from + x.to) / 2, y.from + 40) +
         format("<text transform='translate(16 %.1f) rotate(-90)' text-anchor='middle'>GFLOP/s</text>",
                (y.from + y.to) / 2);
}

/// The legend above the plot. It explains names by an example, best one with several samples.
std::string legend(const networks_report& report) {
  const network_contest* example = &report.contests.front();
  for (const network_contest& each : report.contests)
    if (each.layer.empty() && each.batch > 1 && example->batch == 1) example = &each;
  const std::string name = escaped(example->network);
  std::string svg =
      format("<circle cx='%g' cy='18' r='5' class='full'/><text x='%g' y='22'>compiled</text>", left + 8, left + 20);
  svg += format("<circle cx='%g' cy='18' r='5' class='hollow'/><text x='%g' y='22'>interpreted</text>", left + 100,
                left + 112);
  svg += format(
      "<line x1='%g' y1='18' x2='%g' y2='18' class='pair'/><text x='%g' y='22'>the same network and batch</text>",
      left + 202, left + 226, left + 232);
  svg += format("<text x='%g' y='22'>%s x%d: the network %s, %d sample%s in each call</text>", left + 420, name.c_str(),
                example->batch, name.c_str(), example->batch, example->batch == 1 ? "" : "s");
  return svg + format(
                   "<line x1='%g' y1='42' x2='%g' y2='42' class='roof'/><text x='%g' y='46'>the most that reading from "
                   "a level of memory, or the multiply-adds, allow: measured in the same run</text>",
                   left, left + 24, left + 30);
}

/// One line for the limit of each level of memory and of the multiply-adds, each with its name.
std::string roofs(const networks_report& report, double peak, const scale& x, const scale& y, label_placer& labels) {
  std::string svg, names;  // names are drawn last, above the lines
  const auto name = [&](double text_x, double text_y, const std::string& text) {
    names += format("<text x='%.1f' y='%.1f' class='roof'>%s</text>", text_x, text_y, text.c_str());
    labels.keep_clear({text_x - 3, text_y - 12, text_x + text_width(text), text_y + 4});
  };
  const auto line = [&](double x0, double y0, double x1, double y1) {
    const segment s{x(x0), y(y0), x(x1), y(y1)};
    svg += format("<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' class='roof'/>", s.x0, s.y0, s.x1, s.y1);
    labels.avoid(s);
  };
  line(x.least(), peak, x.most(), peak);
  const std::string text = format("multiply-adds %.0f GFLOP/s", peak * 1e-9);
  name(x.to - text_width(text), y(peak) - 6, text);
  double lowest = top;  // the last name's place: fast levels come first, and names go downwards along the left edge
  for (const read_bandwidth& level : report.bandwidths) {
    const double bytes = level.gb_per_second * 1e9, start = std::max(x.least(), y.least() / bytes);
    if (start >= x.most()) continue;
    const double end = std::min(x.most(), std::max(start, peak / bytes));
    line(start, std::min(start * bytes, peak), end, std::min(end * bytes, peak));
    const double at = std::max(y(std::min(start * bytes, peak)) - 6, lowest + 14);
    name(x(start) + 4, at, format("%s %.0f GB/s", level.level, level.gb_per_second));
    if (x(start) <= x.from) lowest = at;
  }
  return svg + names;
}

}  // namespace

std::string roofline(const networks_report& report) {
  const std::vector<point> points = points_of(report);
  if (points.empty()) return "";
  double peak = 0, least_x = 1, most_x = 1, least_y = 1e12;
  for (const network_contest& contest : report.contests) peak = std::max(peak, contest.peak);
  double most_y = peak;
  for (const point& each : points) {
    least_x = std::min(least_x, each.intensity), most_x = std::max(most_x, each.intensity);
    least_y = std::min(least_y, each.speed), most_y = std::max(most_y, each.speed);
  }
  const scale x{std::log10(least_x) - 0.4, std::log10(most_x) + 0.4, left, width - right};
  const scale y{std::log10(least_y) - 0.3, std::log10(most_y) + 0.15, height - bottom, top};

  label_placer labels({left + 2, top, width - 2, height - bottom - 2});
  std::string svg = format("<svg viewBox='0 0 %g %g' role='img' aria-label='roofline'>", width, height);
  svg += axes(x, y) + legend(report) + roofs(report, peak, x, y, labels);
  std::vector<named_point> named;
  for (const point& each : points) named.push_back({x(each.intensity), y(each.speed), each.name});
  for (std::size_t i = 0; i + 1 < points.size(); ++i)
    if (points[i].name == points[i + 1].name) {
      const segment pair{named[i].x, named[i].y, named[i + 1].x, named[i + 1].y};
      svg += format("<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' class='pair'/>", pair.x0, pair.y0, pair.x1, pair.y1);
      labels.avoid(pair);
    }
  const std::vector<label> places = labels.place(named);
  std::string rings, texts;  // rings are drawn above dots, so that both are seen where they meet
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto& [place, leader] = places[i];
    svg += format("<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' class='leader'/>", leader.x0, leader.y0, leader.x1,
                  leader.y1);
    std::string& circles = points[i].compiled ? svg : rings;
    circles += format("<circle cx='%.1f' cy='%.1f' r='%g' class='%s'/>", named[i].x, named[i].y,
                      points[i].compiled ? 5.0 : 6.0, points[i].compiled ? "full" : "hollow");
    texts += format("<text x='%.1f' y='%.1f' class='%s'>%s</text>", place.x0 + 2, place.y1 - 3,
                    points[i].compiled ? "of-full" : "of-hollow", escaped(points[i].name).c_str());
  }
  return svg + rings + texts + "</svg>\n";
}

}  // namespace inlay::bench
