// SPDX-License-Identifier: Apache-2.0
// Draws the six networks: a column for each activation, in which raw is orange and normalised blue.
#include "picture.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "svg.hpp"

namespace saturation_example {
namespace {

using picture::drawing;
using picture::format;
using picture::panel;
using picture::place;

constexpr double left = 66, column = 316, panel_width = 256;
constexpr double spread_top = 172, spread_height = 150;
constexpr double bars_top = 448, bar_left = 62, bar_step = 24;
constexpr double curve_top = 664, curve_height = 200;
constexpr int width = 980, height = 926;

/// The axis of arguments: linear around 0, logarithmic far away, from -300 to 300.
double spread(double x) { return std::asinh(x) / std::asinh(300.0); }

const char* colour_of(const experiment& each) { return each.normalised ? "normalised" : "raw"; }

/// How the arguments of hidden1 are distributed before training, and where the activation is flat.
void draw_arguments(drawing& d, const experiment& raw, const experiment& normalised, double x) {
  panel p(d, x, spread_top, panel_width, spread_height, {-1, 1}, {0, 1.06});
  // Where the slope is flat is grey. The slope itself is the line.
  constexpr int steps = 400;
  std::vector<place> slope;
  double flat_from = NAN;
  for (int i = 0; i <= steps; ++i) {
    const double at = 2.0 * i / steps - 1, argument = std::sinh(at * std::asinh(300.0));
    const double share = slope_of(raw.function, argument);
    slope.push_back({at, share});
    const bool flat = share < flat_slope;
    if (flat && std::isnan(flat_from)) flat_from = at;
    if (!std::isnan(flat_from) && (!flat || i == steps)) {
      const place from = p.at(flat_from, 1.06), to = p.at(at, 0);
      d.rectangle("flat", from.x, from.y, to.x - from.x, to.y - from.y);
      flat_from = NAN;
    }
  }
  for (const experiment* each : {&normalised, &raw}) {
    constexpr std::size_t bins = 60;
    std::vector<double> counts(bins);
    for (const double argument : each->first.arguments) {
      const double at = std::clamp((spread(argument) + 1) / 2, 0.0, 0.9999);
      ++counts[static_cast<std::size_t>(at * bins)];
    }
    const double most = std::ranges::max(counts);
    std::vector<place> outline{p.at(-1, 0)};
    for (std::size_t i = 0; i < bins; ++i)
      for (std::size_t end = 0; end < 2; ++end)
        outline.push_back(p.at(2 * static_cast<double>(i + end) / bins - 1, 0.92 * counts[i] / most));
    outline.push_back(p.at(1, 0));
    d.path(format("%s area", colour_of(*each)).c_str(), outline, true);
  }
  d.path("slope", p.at(slope), false);
  p.frame();
  for (const double mark : {-100.0, -10.0, -1.0, 0.0, 1.0, 10.0, 100.0}) {
    const place at = p.at(spread(mark), 0);
    d.line("frame", at, {at.x, at.y + 4});
    d.text(at.x, at.y + 17, "mark", picture::number("%g", mark));
  }
  d.text(x + panel_width / 2, spread_top + spread_height + 34, "mark", "argument of the activation");
}

/// The shares of flat slopes before and after training, and the gradient that reaches the neurons.
void draw_flat(drawing& d, const experiment& raw, const experiment& normalised, double x) {
  constexpr double bar_width = panel_width - bar_left;
  const double bar_x = x + bar_left;
  double y = bars_top;
  for (const experiment* each : {&raw, &normalised})
    for (const bool after : {false, true}) {
      const double share = after ? each->best_ending().flat[0] : each->first.flat[0];
      d.text(bar_x - 6, y + 13, "value", format("%s, %s", colour_of(*each), after ? "after" : "before"));
      d.rectangle("rest", bar_x, y, bar_width, 18);
      d.rectangle(format("%s %s", colour_of(*each), after ? "full" : "area").c_str(), bar_x, y, bar_width * share, 18);
      d.rectangle("frame", bar_x, y, bar_width, 18);
      const bool inside = share > 0.3;
      d.text(bar_x + bar_width * share + (inside ? -6 : 6), y + 13.5,
             !inside ? "small"
             : after ? "value light"
                     : "value",
             format("%.0f %%", 100 * share));
      y += bar_step;
    }
  const double times = normalised.first.neurons / raw.first.neurons;
  d.text(x - 44, y + 14, "small", format("gradient at these neurons before training: %.2g raw,", raw.first.neurons));
  d.text(x - 44, y + 30, "small",
         format("%.2g normalised; ", normalised.first.neurons) +
             (times > 1 ? format("raw is %.0f times smaller", times) : format("raw is %.0f times larger", 1 / times)));
}

/// What part of the held-out images the trained networks get right, for each rate.
void draw_accuracy(drawing& d, const experiment& raw, const experiment& normalised, double x) {
  const double first = std::log10(rates.front()) - 0.15, last = std::log10(rates.back()) + 0.15;
  panel p(d, x, curve_top, panel_width, curve_height, {first, last}, {0, 1.14});
  for (const double mark : {0.0, 0.25, 0.5, 0.75, 1.0}) {
    d.line("grid", p.at(first, mark), p.at(last, mark));
    d.text(x - 6, p.at(0, mark).y + 4, "value", format("%.0f %%", 100 * mark));
  }
  for (const double rate : rates)
    d.text(p.at(std::log10(rate), 0).x, curve_top + curve_height + 16, "mark", format("%g", rate));
  d.text(x + panel_width / 2, curve_top + curve_height + 34, "mark", "rate of the gradient descent");
  p.frame();
  for (const experiment* each : {&raw, &normalised}) {
    std::vector<place> means;
    for (std::size_t i = 0; i < rates.size(); ++i) {
      const double at = std::log10(rates[i]);
      means.push_back(p.at(at, each->by_rate[i].mean_right()));
      for (const double right : each->by_rate[i].right)
        d.circle(format("%s full", colour_of(*each)).c_str(), p.at(at, right), 2);
    }
    d.path(format("%s curve", colour_of(*each)).c_str(), means, false);
    const place best = means[each->best];
    d.circle(format("%s best", colour_of(*each)).c_str(), best, 6);
    d.text(std::min(best.x, x + panel_width - 24), best.y - 11,
           each->normalised ? "mark strong blue" : "mark strong orange",
           format("%.1f %%", 100 * each->best_ending().mean_right()));
  }
}

}  // namespace

std::string draw(std::span<const experiment> experiments) {
  const std::string title = "Saturation: the same network on raw and on normalised images";
  drawing d(width, height, title,
            ".small{font-size:12px}.strong{font-weight:bold;paint-order:stroke;stroke:#fff;stroke-width:3}.blue{fill:#"
            "1d4f86}.orange{fill:#a14d0b}.light{fill:#"
            "fff}.flat{fill:#e9e9e9}.rest{fill:#fff}"
            ".raw{stroke:#d9701f}.normalised{stroke:#2f6db0}.raw.area{fill:#d9701f;fill-opacity:.35}"
            ".normalised.area{fill:#2f6db0;fill-opacity:.35}.raw.full{fill:#d9701f}.normalised.full{fill:#2f6db0}"
            ".curve{fill:none;stroke-width:2}.best{fill:#fff;stroke-width:2.5}.slope{fill:none;stroke:#222;"
            "stroke-dasharray:4 3}");
  d.text(26, 38, "title", title);
  const double legend = 50;
  d.rectangle("raw full", 26, legend, 14, 14);
  d.text(46, legend + 12, "note", "raw: a pixel is a byte, 0 to 255");
  d.rectangle("normalised full", 266, legend, 14, 14);
  d.text(286, legend + 12, "note", "normalised: (byte − 78) / 96");
  d.text(490, legend + 12, "note", format("64-32-32-10, the same %d beginnings for all", static_cast<int>(seeds)));

  d.text(26, spread_top - 70, "heading", "Before training: where the neurons of the first layer stand");
  d.text(26, spread_top - 50, "note",
         "For all held-out images, on a logarithmic axis; both distributions are drawn equally high. Grey: the "
         "activation is flat there. Dashed: its slope.");
  d.text(26, bars_top - 36, "heading", "How many of them are flat");
  d.text(26, bars_top - 16, "note",
         format("Share of images and neurons, before training and after %d epochs with the best rate.", epochs));
  d.text(26, curve_top - 42, "heading", "What the network learns");
  d.text(26, curve_top - 22, "note",
         format("Held-out images that are right after %d epochs. A dot is a beginning, the line their mean, the ring "
                "the rate with the lowest loss.",
                epochs));
  for (std::size_t i = 0; i + 1 < experiments.size(); i += 2) {
    const experiment &raw = experiments[i], &normalised = experiments[i + 1];
    const double x = left + static_cast<double>(i / 2) * column;
    static constexpr const char* names[] = {"sigmoid", "tanh", "relu"};
    d.text(x + panel_width / 2, spread_top - 12, "mark strong", names[static_cast<std::size_t>(raw.function)]);
    draw_arguments(d, raw, normalised, x);
    draw_flat(d, raw, normalised, x);
    draw_accuracy(d, raw, normalised, x);
  }
  return d.svg();
}

}  // namespace saturation_example
