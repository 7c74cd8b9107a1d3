// SPDX-License-Identifier: Apache-2.0
// Draws decision surfaces and hidden layers as SVG.
#include "picture.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <numeric>

namespace xor_example {
namespace {

/// Places in the drawing, in its pixels.
constexpr int panel = 240, gap = 60, left = 48, plane_top = 92, hidden_top = plane_top + panel + 96;
constexpr int height = hidden_top + panel + 56;

template <class... Arguments>
std::string format(const char* pattern, Arguments... arguments) {
  char text[512];
  std::snprintf(text, sizeof text, pattern, arguments...);
  return text;
}

std::string text_at(double x, double y, const char* style, const std::string& text) {
  return format("<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">%s</text>\n", x, y, style, text.c_str());
}

/// Blue for 0, white for 1/2, orange for 1.
std::string colour(float answer) {
  constexpr int zero[] = {70, 120, 190}, one[] = {235, 140, 50};
  const float strength = std::round(8 * std::abs(2 * answer - 1)) / 8;  // few colours make a small file
  const int* end = answer < 0.5f ? zero : one;
  const auto mixed = [&](int channel) {
    return static_cast<int>(255 + (static_cast<float>(end[channel]) - 255) * strength);
  };
  return format("#%02x%02x%02x", mixed(0), mixed(1), mixed(2));
}

/// A corner of the square: black for 1, white for 0. Its name is on the right, or on the left.
std::string corner(double x, double y, std::size_t number, bool named_left = false) {
  const bool one = number == 1 || number == 2;
  static constexpr const char* names[] = {"0 0", "0 1", "1 0", "1 1"};
  return format("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"8\" class=\"%s\"/>\n", x, y, one ? "one" : "zero") +
         text_at(named_left ? x - 32 : x + 12, y - 8, "corner", names[number]);
}

std::string frame(int x, int y) {
  return format("<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" class=\"frame\"/>\n", x, y, panel, panel);
}

std::string plane_of(const view& net, int x) {
  constexpr int cell = panel / grid;
  std::map<std::string, std::string> paths;  // by colour: the runs of cells that have it
  for (int row = 0; row < grid; ++row)
    for (int column = 0, end = 0; column < grid; column = end) {
      const auto colour_at = [&](int at) { return colour(net.answers[static_cast<std::size_t>(row * grid + at)]); };
      const std::string here = colour_at(column);
      for (end = column; end < grid && colour_at(end) == here;) ++end;
      paths[here] += format("M%d %dh%dv%dh-%dz", x + column * cell, plane_top + row * cell, (end - column) * cell, cell,
                            (end - column) * cell);
    }
  std::string drawn;
  for (const auto& [fill, path] : paths)
    drawn += "<path shape-rendering=\"crispEdges\" fill=\"" + fill + "\" d=\"" + path + "\"/>\n";
  for (std::size_t i = 0; i < 4; ++i)
    drawn += corner(x + panel * (0.25 + 0.5 * double(i / 2)), plane_top + panel * (0.75 - 0.5 * double(i % 2)), i);
  return drawn + frame(x, plane_top);
}

std::string hidden_of(const view& net, int x) {
  double least = net.threshold, most = net.threshold, low = 0, high = 0;
  for (const point& each : net.hidden) {
    least = std::min(least, each.x), most = std::max(most, each.x);
    low = std::min(low, each.y), high = std::max(high, each.y);
  }
  const double wide = std::max(most - least, 1e-3) * 1.6, tall = std::max(high - low, 1e-3) * 1.6;
  const auto across = [&](double at) { return x + panel * (0.5 + (at - (least + most) / 2) / wide); };
  const auto down = [&](double at) { return hidden_top + panel * (0.5 - (at - (low + high) / 2) / tall); };
  const double border = across(net.threshold);
  std::string drawn = format("<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n", x, hidden_top,
                             border - x, panel, colour(0.25f).c_str()) +
                      format("<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n", border,
                             hidden_top, x + panel - border, panel, colour(0.75f).c_str());
  for (std::size_t i = 0; i < 4; ++i) {
    const double at_x = across(net.hidden[i].x), at_y = down(net.hidden[i].y);
    const bool crowded = std::ranges::any_of(net.hidden, [&](const point& other) {
      const double right = across(other.x) - at_x;
      return right > 0 && right < 60 && std::abs(down(other.y) - at_y) < 30;
    });
    drawn += corner(at_x, at_y, i, crowded);
  }
  return drawn + frame(x, hidden_top);
}

}  // namespace

void project(view& of, const std::array<std::vector<double>, 4>& hidden, const std::vector<double>& weight,
             double bias) {
  const auto dot = [](const std::vector<double>& a, const std::vector<double>& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
  };
  const double length = std::sqrt(dot(weight, weight));
  of.threshold = -bias / length;
  // Across: along the weight. Up: the direction, at a right angle to it, from one corner to the corner farthest away.
  std::array<std::vector<double>, 4> beside = hidden;
  for (std::size_t i = 0; i < 4; ++i) {
    of.hidden[i].x = dot(hidden[i], weight) / length;
    for (std::size_t k = 0; k < weight.size(); ++k) beside[i][k] -= of.hidden[i].x * weight[k] / length;
  }
  std::vector<double> up(weight.size(), 0.0);
  for (const auto& a : beside)
    for (const auto& b : beside) {
      std::vector<double> apart(weight.size());
      for (std::size_t k = 0; k < weight.size(); ++k) apart[k] = a[k] - b[k];
      if (dot(apart, apart) > dot(up, up)) up = apart;
    }
  const double size = std::max(std::sqrt(dot(up, up)), 1e-9);
  for (std::size_t i = 0; i < 4; ++i) of.hidden[i].y = dot(beside[i], up) / size;
}

std::string picture_of(const std::vector<view>& networks) {
  const int width = 2 * left + static_cast<int>(networks.size()) * (panel + gap) - gap;
  std::string drawn =
      format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">\n", width,
             height, width, height);
  drawn +=
      "<style>text{font:14px sans-serif;fill:#222}.title{font-size:20px;font-weight:bold}.name{font-size:16px;"
      "font-weight:bold}.note{fill:#555}.corner{font-size:13px}.frame{fill:none;stroke:#444}.one{fill:#111;stroke:#fff}"
      ".zero{fill:#fff;stroke:#111;stroke-width:1.5}</style>\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
  drawn += text_at(left, 34, "title", "XOR, learned: black corners should be orange, white ones blue");
  for (std::size_t i = 0; i < networks.size(); ++i) {
    const int x = left + static_cast<int>(i) * (panel + gap);
    drawn += text_at(x, plane_top - 16, "name", networks[i].name);
    drawn += plane_of(networks[i], x) + hidden_of(networks[i], x);
    drawn += text_at(x, plane_top + panel + 22, "note", "what it says in the plane");
    drawn += text_at(x, hidden_top - 14, "note", "the corners behind the hidden layer");
    drawn += text_at(x, hidden_top + panel + 22, "note", "the border is the output neuron's");
  }
  return drawn + "</svg>\n";
}

}  // namespace xor_example
