// SPDX-License-Identifier: Apache-2.0
// Draws the zeros in LeNet and what skipping them saves.
#include "picture.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "svg.hpp"

namespace sparsity_example {
namespace {

using picture::drawing;
using picture::format;
using picture::place;

constexpr int width = 980;
constexpr double left = 40, bars_left = 232, bar_width = 250, row = 34, top = 136;
constexpr double maps_left = 534, maps_top = 136, cell = 9.5, gap = 12;

/// One bar for each value.
void draw_shares(drawing& d, std::span<const sparse_value> values) {
  d.text(left, top - 40, "heading", "What part of each value is zero");
  d.text(left, top - 20, "note", format("mean of %zu held-out images", values.front().samples()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const sparse_value& each = values[i];
    const double y = top + static_cast<double>(i) * row;
    d.text(bars_left - 8, y + 11, "value", each.name);
    d.text(bars_left - 8, y + 24, "value pale", format("%zu numbers", each.size()));
    d.rectangle("rest", bars_left, y, bar_width, 22);
    d.rectangle("zeros", bars_left, y, bar_width * each.share(), 22);
    d.rectangle("dead", bars_left, y,
                bar_width * static_cast<double>(each.always_zero()) / static_cast<double>(each.size()), 22);
    d.rectangle("frame", bars_left, y, bar_width, 22);
    const bool inside = each.share() > 0.2;
    d.text(bars_left + bar_width * each.share() + (inside ? -6 : 6), y + 16, inside ? "value light" : "small",
           format("%.0f %%", 100 * each.share()));
  }
  double y = top + static_cast<double>(values.size()) * row + 12;
  for (const auto& [style, meaning] : {std::pair("dead", "numbers that are zero in every image"),
                                       std::pair("zeros", "zeros of other numbers"), std::pair("rest", "not zero")}) {
    d.rectangle(style, bars_left, y - 10, 12, 12);
    d.rectangle("frame", bars_left, y - 10, 12, 12);
    d.text(bars_left + 18, y, "small", meaning);
    y += 18;
  }
}

/// Planes of numbers side by side, `columns` in a line. 0 is white and the largest number is dark.
void draw_planes(drawing& d, std::span<const float> numbers, std::size_t side, std::size_t columns, place at) {
  const float largest = std::max(1e-9f, std::ranges::max(numbers));
  const double step = static_cast<double>(side) * cell + gap;
  for (std::size_t plane = 0; plane < numbers.size() / (side * side); ++plane) {
    const double x = at.x + static_cast<double>(plane % columns) * step;
    const double y = at.y + static_cast<double>(plane / columns) * step;
    // One path for each of a few shades keeps the file small.
    constexpr int shades = 6;
    std::string paths[shades];
    for (std::size_t i = 0; i < side * side; ++i) {
      const float number = numbers[plane * side * side + i];
      if (number <= 0) continue;
      const int shade = std::min(shades - 1, static_cast<int>(number / largest * shades));
      paths[shade] += format("M%zu %zuh1v1h-1z", i % side, i / side);
    }
    d.element(format("<g transform=\"translate(%.1f %.1f) scale(%.1f)\">", x, y, cell));
    for (int i = 0; i < shades; ++i)
      if (!paths[i].empty()) d.element(format("<path class=\"shade%d\" d=\"%s\"/>", i, paths[i].c_str()));
    d.element("</g>\n");
    d.rectangle("frame", x, y, static_cast<double>(side) * cell, static_cast<double>(side) * cell);
  }
}

void draw_image(drawing& d, const sparse_value& image, const sparse_value& conv1, std::size_t sample, int digit) {
  const auto of_sample = [&](const sparse_value& value) {
    return std::span(value.elements).subspan(sample * value.size(), value.size());
  };
  const std::size_t side = conv1.dims.sizes[1];
  d.text(maps_left, maps_top - 40, "heading", format("relu(conv1) of one image, a %d", digit));
  const auto zeros = std::ranges::count(of_sample(conv1), 0.0f);
  d.text(maps_left, maps_top - 20, "note",
         format("16 filters; darker is larger, white is zero: %.0f %%",
                100.0 * static_cast<double>(zeros) / static_cast<double>(conv1.size())));
  draw_planes(d, of_sample(conv1), side, 4, {maps_left, maps_top});
  const double x = maps_left + 4 * (static_cast<double>(side) * cell + gap) + 6;
  d.text(x, maps_top + 10, "small", "the image");
  draw_planes(d, of_sample(image), side, 1, {x, maps_top + 18});
}

/// One bar for each layer: how many times as fast it is when it skips zeros.
double draw_contests(drawing& d, std::span<const contest> contests, const std::string& cpu, double y) {
  constexpr double chart_left = 330, chart_width = 400;
  d.text(left, y, "heading", "What a dense layer gains by skipping the zeros that it reads");
  d.text(left, y + 20, "note",
         format("One sample in a call, one core of an %s. A bar is the time with all multiplied, divided by the time "
                "with zeros skipped.",
                cpu.c_str()));
  double most = 1;
  for (const contest& each : contests) most = std::max(most, each.ratio);
  most = std::ceil(most * 2 + 0.5) / 2;
  const double chart_top = y + 64, bottom = chart_top + static_cast<double>(contests.size()) * row + 4;
  const auto x = [&](double ratio) { return chart_left + ratio / most * chart_width; };
  for (double mark = 0; mark <= most + 0.01; mark += 0.5) {
    d.line("grid", {x(mark), chart_top - 6}, {x(mark), bottom});
    d.text(x(mark), bottom + 15, "mark", format("%.1f", mark));
  }
  d.text(chart_left - 8, chart_top - 14, "value pale", "layer, weights, what it reads");
  d.text(chart_left + chart_width + 20, chart_top - 14, "small pale", "multiplied");
  d.text(chart_left + chart_width + 110, chart_top - 14, "small pale", "skipped");
  for (std::size_t i = 0; i < contests.size(); ++i) {
    const contest& each = contests[i];
    const double at = chart_top + static_cast<double>(i) * row;
    const std::string size =
        each.kilobytes < 1024 ? format("%.3g KiB", each.kilobytes) : format("%.3g MiB", each.kilobytes / 1024);
    d.text(chart_left - 8, at + 9, "value", each.layer + ", " + size + (each.drawn ? ", drawn" : ", LeNet's"));
    d.text(chart_left - 8, at + 23, "value pale", each.reads + format(", %.0f %% zeros", 100 * each.zeros));
    d.rectangle(each.ratio < 1 ? "loss" : "gain", chart_left, at, x(each.ratio) - chart_left, 22);
    d.text(x(each.ratio) - 6, at + 16, "value light", format("%.2f", each.ratio));
    const auto time = [](double ns) { return ns < 1000 ? format("%.0f ns", ns) : format("%.1f µs", ns / 1000); };
    d.text(chart_left + chart_width + 20, at + 16, "small", time(each.multiply_ns));
    d.text(chart_left + chart_width + 110, at + 16, "small", time(each.skip_ns));
  }
  d.line("one", {x(1), chart_top - 6}, {x(1), bottom});
  d.text(x(1), chart_top - 12, "mark", "equal");
  d.text(chart_left + chart_width / 2, bottom + 33, "mark", "times as fast");
  return bottom + 33;
}

const sparse_value& value_named(std::span<const sparse_value> values, const std::string& name) {
  const auto at = std::ranges::find(values, name, &sparse_value::name);
  if (at == values.end()) throw std::runtime_error("LeNet has no value " + name);
  return *at;
}

}  // namespace

std::string draw(std::span<const sparse_value> lenet, std::size_t image, int digit, std::span<const contest> contests,
                 const std::string& cpu) {
  const std::string title = "The zeros in a relu network";
  const double second = 524, height = second + 64 + static_cast<double>(contests.size()) * row + 4 + 33 + 24;
  drawing d(
      width, static_cast<int>(height), title,
      ".small{font-size:12px}.pale{fill:#666}.zeros{fill:#4b86c6}.dead{fill:#163f70}.rest{fill:#fff}.light{fill:#fff}"
      ".gain{fill:#1b7837}.loss{fill:#b2182b}.one{stroke:#000;stroke-dasharray:4 3}"
      ".shade0{fill:#f6d5b8}.shade1{fill:#f0b483}.shade2{fill:#e8924f}.shade3{fill:#d9701f}"
      ".shade4{fill:#b55208}.shade5{fill:#7a3500}");
  d.text(left, 38, "title", title);
  d.text(left, 62, "note",
         "LeNet of examples/lenet. relu makes zeros of all that is negative; max_pool keeps a zero only if "
         "all four numbers of a block are zero.");
  draw_shares(d, lenet);
  draw_image(d, value_named(lenet, "image"), value_named(lenet, "relu(conv1)"), image, digit);
  draw_contests(d, contests, cpu, second);
  return d.svg();
}

}  // namespace sparsity_example
