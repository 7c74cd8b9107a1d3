// SPDX-License-Identifier: Apache-2.0
// The report of inlay-bench networks as one self-contained page: a roofline picture and the tables.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "networks.hpp"

namespace inlay::bench {
namespace {

constexpr double width = 900, height = 520, left = 70, right = 170, top = 20, bottom = 50;

template <class... Arguments>
std::string format(const char* pattern, Arguments... arguments) {
  char text[512];
  std::snprintf(text, sizeof text, pattern, arguments...);
  return text;
}

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) result += c == '<' ? "&lt;" : c == '&' ? "&amp;" : c == '"' ? "&quot;" : std::string(1, c);
  return result;
}

/// A logarithmic scale from `first` to `last`, decades.
struct scale {
  double first, last, from, to;
  double operator()(double value) const { return from + (std::log10(value) - first) / (last - first) * (to - from); }
};

/// A result in the picture: FLOP per byte, FLOP/s.
struct point {
  double intensity, speed;
  std::string label;  // empty: hollow
};

std::vector<point> points_of(const networks_report& report) {
  std::vector<point> points;
  for (const network_contest& contest : report.contests) {
    if (!contest.layer.empty()) continue;
    const double intensity = contest.flops / (contest.weight_bytes + contest.value_bytes);
    for (const network_result& each : contest.results)
      if (each.contestant == "compiled" || each.contestant == "interpreted")
        points.push_back({intensity, contest.flops / each.time.median,
                          each.contestant == "compiled" ? format("%s, batch %d", contest.network.c_str(), contest.batch)
                                                        : std::string()});
  }
  return points;
}

std::string axes(const scale& x, const scale& y) {
  std::string svg;
  for (double decade = x.first; decade <= x.last + 0.01; ++decade) {
    const double at = x(std::pow(10, decade));
    svg += format("<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' class='grid'/>", at, y.from, at, y.to);
    svg += format("<text x='%.1f' y='%.1f' text-anchor='middle'>%g</text>", at, y.from + 18, std::pow(10, decade));
  }
  for (double decade = y.first; decade <= y.last + 0.01; ++decade) {
    const double at = y(std::pow(10, decade));
    svg += format("<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' class='grid'/>", x.from, at, x.to, at);
    svg += format("<text x='%.1f' y='%.1f' text-anchor='end'>%g</text>", x.from - 8, at + 4, std::pow(10, decade - 9));
  }
  svg += format("<text x='%.1f' y='%.1f' text-anchor='middle'>FLOP per byte of weights, inputs and outputs</text>",
                (x.from + x.to) / 2, y.from + 40);
  svg += format("<text transform='translate(18 %.1f) rotate(-90)' text-anchor='middle'>GFLOP/s</text>",
                (y.from + y.to) / 2);
  return svg;
}

/// What is taken of the picture, so that texts do not run into each other.
class Space {
 public:
  /// Where a text of `length` characters from (x, y) on has room, at y or nearest to it; takes it.
  double place(double x, double y, std::size_t length) {
    const double w = 6.7 * static_cast<double>(length);
    for (int step = 0;; ++step) {
      const double at = y + (step % 2 == 0 ? 1 : -1) * 4.0 * ((step + 1) / 2);
      const box mine{x, at - 11, x + w, at + 3};
      if (std::ranges::any_of(taken, [&](const box& other) { return other.meets(mine); })) continue;
      taken.push_back(mine);
      return at;
    }
  }
  void take(double x, double y, double radius) { taken.push_back({x - radius, y - radius, x + radius, y + radius}); }

 private:
  struct box {
    double x0, y0, x1, y1;
    bool meets(const box& o) const { return x0 < o.x1 && o.x0 < x1 && y0 < o.y1 && o.y0 < y1; }
  };
  std::vector<box> taken;
};

/// The most that each level of memory and the multiply-adds allow; the figures stand at the edges.
std::string roofs(const networks_report& report, double peak, const scale& x, const scale& y, Space& space) {
  std::string svg;
  const auto line = [&](double x0, double y0, double x1, double y1) {
    svg += format("<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' class='roof'/>", x(x0), y(y0), x(x1), y(y1));
  };
  const auto name = [&](double at_x, double at_y, const std::string& text) {
    svg += format("<text x='%.1f' y='%.1f' class='roof'>%s</text>", at_x, space.place(at_x, at_y, text.size()),
                  text.c_str());
  };
  const double first = std::pow(10, x.first), last = std::pow(10, x.last);
  line(first, peak, last, peak);
  name(x.to + 6, y(peak) + 4, format("multiply-adds %.0f GFLOP/s", peak * 1e-9));
  for (const read_bandwidth& level : report.bandwidths) {
    const double bytes = level.gb_per_second * 1e9, start = std::max(first, std::pow(10, y.first) / bytes);
    line(start, start * bytes, std::max(start, peak / bytes), std::max(start * bytes, peak));
    name(x(start) + 4, y(start * bytes) - 4, format("%s %.0f GB/s", level.level, level.gb_per_second));
  }
  return svg;
}

std::string picture(const networks_report& report) {
  const std::vector<point> points = points_of(report);
  if (points.empty()) return "";
  double peak = 0, least_x = 1, most_x = 1, least_y = 1e12;
  for (const network_contest& contest : report.contests) peak = std::max(peak, contest.peak);
  for (const point& each : points) {
    least_x = std::min(least_x, each.intensity), most_x = std::max(most_x, each.intensity);
    least_y = std::min(least_y, each.speed);
  }
  const scale x{std::floor(std::log10(least_x)), std::ceil(std::log10(most_x)), left, width - right};
  const scale y{std::floor(std::log10(least_y)), std::ceil(std::log10(peak)), height - bottom, top};
  std::string svg = format("<svg viewBox='0 0 %g %g' role='img' aria-label='roofline'>", width, height);
  Space space;
  for (const point& each : points) space.take(x(each.intensity), y(each.speed), 6);
  svg += axes(x, y) + roofs(report, peak, x, y, space);
  for (const point& each : points) {
    const double px = x(each.intensity), py = y(each.speed);
    svg += format("<circle cx='%.1f' cy='%.1f' r='5' class='%s'/>", px, py, each.label.empty() ? "hollow" : "full");
    if (each.label.empty()) continue;
    const double text_width = 6.7 * static_cast<double>(each.label.size());
    const double tx = px + 9 + text_width > x.to ? px - 9 - text_width : px + 9;
    svg += format("<text x='%.1f' y='%.1f'>%s</text>", tx, space.place(tx, py + 4, each.label.size()),
                  escaped(each.label).c_str());
  }
  return svg +
         "</svg>\n<p>Full: compiled. Hollow: interpreted. Lines: the most that reading from each level of memory "
         "and the multiply-adds allow, measured in the same run.</p>\n";
}

std::string table(const network_contest& contest) {
  std::string html =
      format("<h2>%s%s%s, batch %d</h2>\n<p>%.4g MFLOP, %.4g KiB of weights.</p>\n", escaped(contest.network).c_str(),
             contest.layer.empty() ? "" : ", layer ", escaped(contest.layer).c_str(), contest.batch,
             contest.flops * 1e-6, contest.weight_bytes / 1024);
  html +=
      "<table><tr><th></th><th>median, µs</th><th>spread</th><th>× compiled</th><th>GFLOP/s</th><th>of peak</th>"
      "<th>largest error</th></tr>\n";
  for (const network_result& each : contest.results) {
    const double speed = contest.flops / each.time.median;
    html += format(
        "<tr><td>%s</td><td>%.4g</td><td>%.1f %%</td><td>%.2f</td><td>%.4g</td><td>%.1f %%</td>"
        "<td>%.1e</td></tr>\n",
        each.contestant.c_str(), each.time.median * 1e6, 100 * (each.time.upper - each.time.lower) / each.time.median,
        each.time.median / contest.results.front().time.median, speed * 1e-9, 100 * speed / contest.peak,
        each.max_error);
  }
  return html + "</table>\n";
}

}  // namespace

std::string html_of(const networks_report& report) {
  std::string html =
      "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'><title>inlay-bench</title>\n<style>\n"
      "body { font: 15px/1.5 sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; }\n"
      "table { border-collapse: collapse; } td, th { padding: 0.15em 0.8em; text-align: right; }\n"
      "td:first-child { text-align: left; } tr:nth-child(2) { font-weight: bold; } th { font-weight: normal; color: "
      "#555; }\n"
      "svg { width: 100%; } svg text { font: 12px sans-serif; fill: #222; paint-order: stroke; stroke: #fff; "
      "stroke-width: 3px; } svg text.roof { fill: #777; }\n"
      "svg .grid { stroke: #e4e4e4; } svg line.roof { stroke: #999; stroke-width: 1.5; }\n"
      "svg .full { fill: #06c; } svg .hollow { fill: none; stroke: #c60; stroke-width: 2; }\n</style></head><body>\n";
  html += "<h1>Compiled networks against interpreted ones and other libraries</h1>\n<p>" + escaped(report.cpu) +
          ", one thread.</p>\n" + picture(report);
  for (const network_contest& contest : report.contests) html += table(contest);
  return html + "</body></html>\n";
}

}  // namespace inlay::bench
