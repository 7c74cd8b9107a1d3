// SPDX-License-Identifier: Apache-2.0
// Draws the time of a sample over the batch.
#include <algorithm>
#include <cmath>

#include "batches.hpp"
#include "networks.hpp"
#include "picture/svg.hpp"

namespace inlay::bench {
namespace {

constexpr int width = 960, row_height = 300, head = 96;
constexpr double left = 84, plot_width = 840, plot_height = 200;

constexpr char style[] =
    ".time{stroke:#1f77b4;stroke-width:2;fill:none}.least{stroke:#888;stroke-width:1.5;fill:none;stroke-dasharray:5 4}"
    ".dot{fill:#1f77b4}.slow{fill:#d62728}";

/// Five round numbers from 0 to `high` or a little below.
std::vector<double> marks_up_to(double high) {
  const double raw = high / 5, power = std::pow(10, std::floor(std::log10(raw)));
  const double step = power * (raw / power < 1.5 ? 1 : raw / power < 3.5 ? 2 : 5);
  std::vector<double> marks;
  for (double each = 0; each <= high; each += step) marks.push_back(each);
  return marks;
}

void draw(picture::drawing& drawing, const batches_contest& contest, double top) {
  drawing.text(left, top, "heading", contest.network);
  // Long numbers would run into the name of their axis.
  const bool micro = contest.per_sample(0) > 1e-6;
  const double unit = micro ? 1e6 : 1e9;
  double high = 0;
  const auto most = static_cast<double>(contest.seconds.size());
  std::vector<picture::place> times, least;
  for (std::size_t i = 0; i < contest.seconds.size(); ++i) {
    const auto batch = static_cast<double>(i + 1);
    times.push_back({batch, unit * contest.per_sample(i)}), least.push_back({batch, unit * contest.least[i] / batch});
    high = std::max({high, times.back().y, least.back().y});
  }
  picture::panel panel(drawing, left, top + 14, plot_width, plot_height, {0, most + 1}, {0, 1.05 * high});
  panel.x_axis(marks_up_to(most), "%g", "samples in a call");
  panel.y_axis(marks_up_to(1.05 * high), "%g", micro ? "µs per sample" : "ns per sample");
  panel.frame();
  drawing.path("least", panel.at(least), false);
  drawing.path("time", panel.at(times), false);
  for (std::size_t i = 0; i < times.size(); ++i)
    drawing.circle(contest.beyond_neighbours(i) > 1.1 ? "slow" : "dot", panel.at(times[i].x, times[i].y), 3);
}

}  // namespace

std::string picture_of(const batches_report& report) {
  picture::drawing drawing(width, head + row_height * static_cast<int>(report.contests.size()),
                           "Time of a sample over the batch", style);
  drawing.text(left, 34, "title", "Time of a sample over the batch");
  drawing.text(left, 54, "note",
               report.cpu +
                   ", one thread. Dashed: the least time, of the multiply-adds at the machine's peak or of "
                   "reading the weights once.");
  drawing.text(left, 72, "note", "Red: more than 1.1 times as far from it as the batches before and behind.");
  double top = head + 12;
  for (const batches_contest& each : report.contests) draw(drawing, each, top), top += row_height;
  return drawing.svg();
}

}  // namespace inlay::bench
