// SPDX-License-Identifier: Apache-2.0
// Draws learning curves: the loss on a logarithmic axis, and the accuracy.
#include "curve.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "svg.hpp"

namespace handwriting {
namespace {

using picture::drawing;
using picture::format;
using picture::panel;
using picture::place;

constexpr int width = 900, height = 376;
constexpr double loss_left = 76, right_left = 526, top = 104, panel_width = 340, panel_height = 206;

/// About five round numbers from 0 to `last`.
std::vector<double> marks_up_to(int last) {
  const double rough = last / 5.0, power = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double each : {1.0, 2.0, 5.0})
    if (each * power >= rough) {
      step = each * power;
      break;
    }
  std::vector<double> marks;
  for (int i = 0; i * step <= last; ++i) marks.push_back(i * step);
  return marks;
}

void draw_loss(drawing& d, const curve& learned, double last) {
  double low = 0, high = 0;
  for (const epoch& each : learned.epochs)
    low = std::min(low, std::log10(each.loss)), high = std::max(high, std::log10(each.loss));
  low -= 0.05, high += 0.05;
  panel p(d, loss_left, top, panel_width, panel_height, {0, last}, {low, high});
  p.x_axis(marks_up_to(static_cast<int>(last)), "%g", "epochs: rounds through the training images");
  for (const double mark : {0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0}) {
    const double y = std::log10(mark);
    if (y < low || y > high) continue;
    d.line("grid", p.at(0, y), p.at(last, y));
    d.text(loss_left - 6, p.at(0, y).y + 4, "value", format("%g", mark));
  }
  std::vector<place> line;
  for (std::size_t i = 0; i < learned.epochs.size(); ++i)
    line.push_back(p.at(static_cast<double>(i + 1), std::log10(learned.epochs[i].loss)));
  d.path("loss", line, false);
  p.frame();
}

void draw_right(drawing& d, const curve& learned, double last) {
  // Only the first epochs are below, and what matters is near the top.
  constexpr double low = 0.8;
  panel p(d, right_left, top, panel_width, panel_height, {0, last}, {low, 1.005});
  p.x_axis(marks_up_to(static_cast<int>(last)), "%g", "epochs: rounds through the training images");
  for (const double mark : {0.8, 0.85, 0.9, 0.95, 1.0}) {
    d.line("grid", p.at(0, mark), p.at(last, mark));
    d.text(right_left - 6, p.at(0, mark).y + 4, "value", format("%.0f %%", 100 * mark));
  }
  d.line("least", p.at(0, learned.least), p.at(last, learned.least));
  std::vector<place> line;
  for (std::size_t i = 0; i < learned.epochs.size(); ++i) {
    const place here{static_cast<double>(i + 1), learned.epochs[i].right};
    if (line.empty() && here.y >= low && i > 0) {  // begins where the curve enters the panel
      const double before = learned.epochs[i - 1].right;
      line.push_back(p.at(here.x - (here.y - low) / (here.y - before), low));
    }
    if (here.y >= low || !line.empty()) line.push_back(p.at(here.x, std::max(here.y, low)));
  }
  d.path("right", line, false);
  p.frame();
  d.circle("last", line.back(), 4);
  d.text(line.back().x - 8, line.back().y + 22, "value strong", format("%.2f %%", 100 * learned.epochs.back().right));
  d.text(p.at(last, learned.least).x - 8, p.at(0, 0.875).y + 4, "value",
         format("dashed: at least %.1f %% are asked for", 100 * learned.least));
}

}  // namespace

std::string draw(const curve& learned, const std::string& name) {
  const std::string title = format("%s learns the digits, from random weights", name.c_str());
  drawing d(width, height, title,
            ".loss{fill:none;stroke:#d9701f;stroke-width:2}.right{fill:none;stroke:#2f6db0;stroke-width:2}"
            ".last{fill:#2f6db0}.least{stroke:#222;stroke-dasharray:4 3}"
            ".strong{font-weight:bold;paint-order:stroke;stroke:#fff;stroke-width:3}");
  d.text(26, 38, "title", title);
  const double last = static_cast<double>(learned.epochs.size());
  d.text(26, 72, "heading", "Loss");
  d.text(26, 90, "note", "cross entropy, mean of the training images, each moved a little");
  draw_loss(d, learned, last);
  d.text(right_left - 50, 72, "heading", "Accuracy");
  d.text(right_left - 50, 90, "note", "share of the held-out images, which it has not seen");
  draw_right(d, learned, last);
  return d.svg();
}

}  // namespace handwriting
