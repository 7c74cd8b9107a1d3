// SPDX-License-Identifier: Apache-2.0
// Draws the learning rule, on points that a line separates and on XOR.
#include "picture.hpp"

#include <algorithm>
#include <cmath>

#include "plane.hpp"

namespace perceptron_example {
namespace {

using picture::drawing;
using picture::format;
using picture::panel;
using picture::place;

constexpr int width = 980, height = 880;
constexpr double left = 72, middle = 548, chart_width = 372, top = 122, side = 372;
constexpr double lower = 628, lower_height = 168;

std::string name_of(const point& p) { return format("(%g, %g)", p.x, p.y); }

/// The points, and the line after each update.
void draw_settling(drawing& d, const story& s) {
  d.text(left, top - 14, "heading", format("%zu points that a line separates", s.points.size()));
  panel p(d, left, top, side, side, {-1.1, 1.1}, {-1.1, 1.1});
  draw_side(p, s.result.weights);
  const double marks[] = {-1, -0.5, 0, 0.5, 1};
  p.x_axis(marks, "%g", "x");
  p.y_axis(marks, "%g", "y");
  draw_lines(p, s.updates);
  draw_points(d, p, s.points);
  p.frame();
  draw_shades(d, left, top + side + 56, s.updates.size());
}

/// The cycle: one small plane for each of its updates, clockwise.
void draw_cycle(drawing& d, const story& s, const cycle& repeats) {
  std::vector<update> round;
  for (const update& each : s.updates)
    if (each.round > repeats.first && each.round <= repeats.first + repeats.period) round.push_back(each);
  d.text(middle, top - 14, "heading", format("XOR: no line does. The same %zu updates, for ever", round.size()));
  // Two planes above and two below, in a circle. The text above a plane names the update that has led to it.
  constexpr double small = 138, gap_x = 96, gap_y = 96;
  const place corners[] = {{0, 0}, {small + gap_x, 0}, {small + gap_x, small + gap_y}, {0, small + gap_y}};
  for (std::size_t i = 0; i < std::min(round.size(), std::size(corners)); ++i) {
    const update& each = round[i];
    const double x = middle + corners[i].x, y = top + 40 + corners[i].y;
    d.text(x, y - 26, "small",
           format("%zu. %s, wrong: %s it", i + 1, name_of(each.mistake).c_str(),
                  each.mistake.fires ? "adds" : "subtracts"));
    const neuron_weights& w = each.weights;
    panel p(d, x, y, small, small, {-0.5, 1.5}, {-0.5, 1.5});
    draw_side(p, w);
    p.line("last", w.x, w.y, w.bias);
    draw_points(d, p, s.points);
    d.circle("learned", p.at(each.mistake.x, each.mistake.y), 10);
    p.frame();
    const bool in_sight = !picture::cut_rectangle({-0.5, 1.5}, {-0.5, 1.5}, w.x, w.y, w.bias).line.empty();
    d.text(x, y - 9, "small", "line " + equation(w, "x", "y") + (in_sight ? "" : ", not in sight"));
  }
  const double right = middle + small + gap_x, low = top + 40 + small + gap_y;
  const auto arrow = [&](place from, place to) { d.line("arrow", from, to); };
  arrow({middle + small + 14, top + 40 + small / 2}, {right - 18, top + 40 + small / 2});
  arrow({right + small / 2, top + 40 + small + 12}, {right + small / 2, low - 44});
  arrow({right - 14, low + small / 2}, {middle + small + 18, low + small / 2});
  arrow({middle + small / 2, low - 44}, {middle + small / 2, top + 40 + small + 16});
}

/// The length of the weights after each update, between its two limits, which meet at the bound.
void draw_bound(drawing& d, const story& s, const separation& apart) {
  const double bound = apart.bound();
  d.text(left, lower - 32, "heading", "Why it settles");
  d.text(left, lower - 12, "note",
         format("%d updates; (R/γ)² = (%.3f / %.3f)² = %.0f", s.result.updates, apart.radius, apart.margin, bound));
  const double most = std::ceil(bound / 20 + 0.5) * 20, longest = std::ceil(std::sqrt(most) * apart.radius / 5) * 5;
  panel p(d, left, lower, chart_width, lower_height, {0, most}, {0, longest});
  std::vector<double> updates, lengths;
  for (double each = 0; each <= most; each += 40) updates.push_back(each);
  for (double each = 0; each <= longest; each += 5) lengths.push_back(each);
  p.x_axis(updates, "%g", "updates k");
  p.y_axis(lengths, "%g", "length of the weights");
  std::vector<place> upper;
  constexpr int steps = 80;
  for (int i = 0; i <= steps; ++i) {
    const double k = most * i / steps;
    upper.push_back(p.at(k, apart.radius * std::sqrt(k)));
  }
  d.path("upper", upper, false);
  d.line("lower", p.at(0, 0), p.at(most, apart.margin * most));
  for (std::size_t i = 0; i < s.updates.size(); ++i)
    d.circle("dot", p.at(static_cast<double>(i + 1), length(as_triple(s.updates[i].weights))), 2.2);
  if (!s.updates.empty()) {
    const place last = p.at(static_cast<double>(s.updates.size()), length(as_triple(s.updates.back().weights)));
    d.text(last.x + 6, last.y + 22, "settled-text", "the rule");
  }
  const place meet = p.at(bound, apart.margin * bound);
  d.line("meet", meet, p.at(bound, 0));
  d.text(meet.x - 5, p.at(0, 0).y - 6, "value", format("%.0f", bound));
  p.frame();
  const place above = p.at(most * 0.31, apart.radius * std::sqrt(most * 0.31));
  d.text(above.x - 8, above.y - 6, "value upper-text", "at most R√k");
  const place below = p.at(most * 0.5, apart.margin * most * 0.5);
  d.text(below.x + 4, below.y + 18, "lower-text", "at least γk");
}

/// The mistakes in each round, of both.
void draw_mistakes(drawing& d, const story& settled, const story& unsettled, const cycle& repeats) {
  const int rounds = settled.result.rounds + 3;
  const auto mistakes = [](const story& s, int round) {
    return static_cast<double>(std::ranges::count(s.updates, round, &update::round));
  };
  double most = 1;
  for (int i = 1; i <= rounds; ++i) most = std::max({most, mistakes(settled, i), mistakes(unsettled, i)});
  d.text(middle, lower - 32, "heading", "Mistakes in each round through the points");
  d.text(middle, lower - 12, "note", format("From round %d on, XOR's rounds are all alike.", repeats.first + 1));
  panel p(d, middle, lower, chart_width, lower_height, {0.5, rounds + 0.5}, {0, most + 0.8});
  std::vector<double> marks, counts;
  for (int i = 1; i <= rounds; ++i) marks.push_back(i);
  for (double each = 0; each <= most; ++each) counts.push_back(each);
  p.x_axis(marks, "%g", "round");
  p.y_axis(counts, "%g", "mistakes");
  for (const story* s : {&settled, &unsettled}) {
    std::vector<place> curve;
    for (int i = 1; i <= std::min(rounds, s->result.rounds); ++i) curve.push_back(p.at(i, mistakes(*s, i)));
    const bool on = s == &settled;
    d.path(on ? "settled" : "unsettled", curve, false);
    for (const place& each : curve) d.circle(on ? "settled-dot" : "unsettled-dot", each, 3.5);
  }
  p.frame();
  const place end = p.at(rounds, mistakes(unsettled, rounds));
  d.text(end.x, end.y - 8, "value unsettled-text", "XOR: no end");
  const place done = p.at(settled.result.rounds, 0);
  d.text(done.x + 10, done.y - 24, "settled-text", format("%zu points:", settled.points.size()));
  d.text(done.x + 10, done.y - 8, "settled-text", format("done in round %d", settled.result.rounds));
}

}  // namespace

std::string draw(const story& settled, const separation& apart, const story& unsettled, const cycle& repeats) {
  const std::string style =
      std::string(plane_style) +
      ".small{font-size:12px}.learned{fill:none;stroke:#000;stroke-width:1.5;stroke-dasharray:3 2}"
      ".arrow{stroke:#444;stroke-width:2;fill:none;marker-end:url(#head)}"
      ".upper{stroke:#1b7837;fill:none;stroke-width:1.5}.upper-text{fill:#1b7837}"
      ".lower{stroke:#b2182b;fill:none;stroke-width:1.5}.lower-text{fill:#b2182b;font-size:12px}"
      ".dot{fill:#5c2f9a}.meet{stroke:#888;stroke-dasharray:4 3}"
      ".settled{stroke:#5c2f9a;fill:none;stroke-width:2}.settled-dot{fill:#5c2f9a}"
      ".settled-text{fill:#5c2f9a;font-size:12px}"
      ".unsettled{stroke:#b2182b;fill:none;stroke-width:2}.unsettled-dot{fill:#b2182b}.unsettled-text{fill:#b2182b}";
  drawing d(width, height, "The perceptron settles if a line exists, and never settles if there is none", style);
  d.element(
      "<defs><marker id=\"head\" viewBox=\"0 0 10 10\" refX=\"7\" refY=\"5\" markerWidth=\"6\" markerHeight=\"6\" "
      "orient=\"auto\"><path d=\"M0 0L10 5L0 10z\" fill=\"#444\"/></marker></defs>\n");
  d.text(left, 38, "title", "The perceptron settles if a line exists, and never settles if there is none");
  d.text(left, 62, "note",
         "The neuron fires on the shaded side of its line. A mistake moves the line: the point is added to the weights "
         "or subtracted.");
  draw_legend(d, left, 84);
  draw_settling(d, settled);
  draw_cycle(d, unsettled, repeats);
  draw_bound(d, settled, apart);
  draw_mistakes(d, settled, unsettled, repeats);
  const std::string notes[] = {
      "Lower left: an update adds at least γ to the weights' part along the best direction, and at most R² to their "
      "squared length.",
      "So the dots, one for each update, stay between both curves. The curves meet after (R/γ)² updates: there the "
      "rule "
      "must have ended."};
  d.lines(left, height - 30, "note", notes);
  return d.svg();
}

}  // namespace perceptron_example
