// SPDX-License-Identifier: Apache-2.0
// Draws points of two classes and the lines of a neuron.
#include "plane.hpp"

#include <cmath>
#include <utility>

namespace perceptron_example {
namespace {

constexpr std::size_t shades = 8;

/// The class of an update's line: the later, the darker.
std::string shade_of(std::size_t index, std::size_t count) {
  return picture::format("update%zu", index * shades / count);
}

}  // namespace

const char* const plane_style =
    ".on{fill:#d95f02;stroke:#8f3d00}.off{fill:#fff;stroke:#1f5fa8;stroke-width:2}.side{fill:#fdebd9}"
    ".last{stroke:#000;stroke-width:2.5;fill:none}"
    ".update0{stroke:#dfd5ee}.update1{stroke:#cfc0e5}.update2{stroke:#bda9da}.update3{stroke:#aa90cf}"
    ".update4{stroke:#9778c4}.update5{stroke:#845fb8}.update6{stroke:#7148ab}.update7{stroke:#5c2f9a}"
    "[class^=update]{fill:none;stroke-width:1.5}";

void draw_points(picture::drawing& d, const picture::panel& p, std::span<const point> points) {
  for (const point& each : points) d.circle(each.fires ? "on" : "off", p.at(each.x, each.y), 4.5);
}

void draw_legend(picture::drawing& d, double x, double y) {
  constexpr double between = 150;
  d.circle("on", {x + 5, y - 4}, 4.5);
  d.text(x + 16, y, "note", "neuron shall fire");
  d.circle("off", {x + between + 5, y - 4}, 4.5);
  d.text(x + between + 16, y, "note", "neuron shall not fire");
}

void draw_lines(picture::panel& p, std::span<const update> updates) {
  for (std::size_t i = 0; i < updates.size(); ++i) {
    const neuron_weights& w = updates[i].weights;
    const bool last = i + 1 == updates.size();
    p.line(last ? "last" : shade_of(i, updates.size()).c_str(), w.x, w.y, w.bias);
  }
}

void draw_shades(picture::drawing& d, double x, double y, std::size_t updates) {
  constexpr double side = 14;
  d.text(x, y, "note", "line after update 1");
  double at = x + 126;
  for (std::size_t i = 0; i < shades; ++i, at += side)
    d.line(picture::format("update%zu", i).c_str(), {at, y - 4}, {at + side - 2, y - 4});
  d.line("last", {at, y - 4}, {at + 2 * side, y - 4});
  d.text(at + 2 * side + 6, y, "note", std::to_string(updates));
}

void draw_side(picture::panel& p, const neuron_weights& w) { p.half("side", w.x, w.y, w.bias); }

std::string equation(const neuron_weights& w, const char* x, const char* y) {
  const double sign = w.x < 0 || (w.x == 0 && w.y < 0) ? -1 : 1;  // so that the first factor is positive
  std::string text;
  for (const auto& [factor, name] : {std::pair(sign * w.x, x), std::pair(sign * w.y, y)}) {
    if (factor == 0) continue;
    if (!text.empty()) text += factor < 0 ? " − " : " + ";
    const double size = std::abs(factor);
    text += (size == 1 ? "" : picture::format("%.3g ", size)) + name;
  }
  if (text.empty()) text = "0";
  return text + " = " + picture::number("%.3g", -sign * w.bias);
}

}  // namespace perceptron_example
