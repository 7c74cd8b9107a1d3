// SPDX-License-Identifier: Apache-2.0
// Draws the rings before and after the feature map, and the learned line in both planes.
#include "picture.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "../perceptron/plane.hpp"

namespace circles_example {
namespace {

using picture::drawing;
using picture::panel;
using picture::place;
using namespace perceptron_example;

constexpr int width = 1060, height = 540;
constexpr double side = 268, top = 136, lefts[] = {72, 418, 764};

/// So many lines of a cycle can be told apart.
constexpr std::size_t most_lines = 12;

panel plane_at(drawing& d, double left) { return {d, left, top, side, side, {-1.1, 1.1}, {-1.1, 1.1}}; }

void axes(panel& p, std::span<const double> marks, const char* x, const char* y) {
  p.x_axis(marks, "%g", x);
  p.y_axis(marks, "%g", y);
}

constexpr double plane_marks[] = {-1, -0.5, 0, 0.5, 1}, feature_marks[] = {0, 0.25, 0.5, 0.75, 1};

void draw_plane(drawing& d, const trapped& proof, std::span<const update> updates) {
  d.text(lefts[0], top - 14, "heading", "1. No line separates them");
  panel p = plane_at(d, lefts[0]);
  axes(p, plane_marks, "x", "y");
  for (const update& each : updates) p.line("update3", each.weights.x, each.weights.y, each.weights.bias);
  std::vector<place> corners;
  for (const point& each : proof.corners) corners.push_back(p.at(each.x, each.y));
  d.path("triangle", corners, true);
  draw_points(d, p, rings);
  d.circle("ring", p.at(proof.inside.x, proof.inside.y), 10);
  p.frame();
}

void draw_features(drawing& d, std::span<const update> updates) {
  d.text(lefts[1], top - 14, "heading", "2. Their squares: a line does");
  panel p(d, lefts[1], top, side, side, {-0.05, 1.05}, {-0.05, 1.05});
  draw_side(p, learned.weights);
  axes(p, feature_marks, "x²", "y²");
  draw_lines(p, updates);
  draw_points(d, p, lifted_rings);
  p.frame();
}

void draw_back(drawing& d) {
  d.text(lefts[2], top - 14, "heading", "3. The line, back in the plane");
  panel p = plane_at(d, lefts[2]);
  const neuron_weights& w = learned.weights;
  if (!(w.x > 0 && w.y > 0 && w.bias < 0)) throw std::runtime_error("the learned line is no ellipse in the plane");
  const place origin = p.at(0, 0);
  d.rectangle("side", lefts[2], top, side, side);
  const place radius = p.at(std::sqrt(-w.bias / w.x), std::sqrt(-w.bias / w.y));
  d.ellipse("inside", origin, radius.x - origin.x, origin.y - radius.y);
  axes(p, plane_marks, "x", "y");
  d.ellipse("last", origin, radius.x - origin.x, origin.y - radius.y);
  draw_points(d, p, rings);
  p.frame();
}

}  // namespace

std::string draw(const trapped& proof, std::span<const update> in_plane, const cycle& repeats,
                 std::span<const update> in_features) {
  const auto repeated = static_cast<std::size_t>(std::ranges::count_if(in_plane, [&](const update& each) {
    return each.round > repeats.first && each.round <= repeats.first + repeats.period;
  }));
  const std::size_t shown = std::min(most_lines, repeated);
  const std::string title = "Two rings: no line separates them, until a feature map has squared the coordinates";
  drawing d(width, height, title,
            std::string(plane_style) +
                ".triangle{fill:none;stroke:#000;stroke-width:1.5;stroke-dasharray:5 3}.inside{fill:#fff}"
                ".ring{fill:none;stroke:#000;stroke-width:1.5;stroke-dasharray:3 2}");
  d.text(lefts[0], 38, "title", title);
  d.text(
      lefts[0], 62, "note",
      "The perceptron sees (x, y) on the left and (x², y²) in the middle. Its code is the same. It fires on the shaded "
      "side.");
  draw_legend(d, lefts[0], 88);
  draw_plane(d, proof, in_plane.last(shown));
  draw_features(d, in_features);
  draw_back(d);
  const double under = top + side + 62;
  const std::string first[] = {picture::format("Violet: %zu of the %zu lines that repeat", shown, repeated),
                               picture::format("for ever from round %d on. The point in the", repeats.first + 1),
                               "dashed circle is inside of a triangle of", "the other class: no line separates them."};
  d.lines(lefts[0], under, "note", first);
  draw_shades(d, lefts[1], under, in_features.size());
  const std::string line = equation(learned.weights, "x²", "y²");
  d.text(lefts[1], under + 22, "note", "Last: " + line);
  const std::string third[] = {line + " is an ellipse here.", "The neuron fires outside of it."};
  d.lines(lefts[2], under, "note", third);
  return d.svg();
}

}  // namespace circles_example
