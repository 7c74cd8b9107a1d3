// SPDX-License-Identifier: Apache-2.0
// Draws the waveform and the probabilities of speech as SVG.
#include <algorithm>
#include <cmath>

#include "timeline.hpp"

namespace vad_example {
namespace {

/// Places in the drawing, in its pixels.
constexpr int width = 980, height = 428, left = 96, right = width - 24, columns = right - left;
constexpr int wave_top = 92, wave_height = 120, chance_top = 240, chance_height = 130;
constexpr int wave_middle = wave_top + wave_height / 2, chance_bottom = chance_top + chance_height;

std::string text_at(double x, double y, const char* style, const std::string& text) {
  return format("<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">%s</text>\n", x, y, style, text.c_str());
}

std::string line(const char* style, double x1, double y1, double x2, double y2) {
  return format("<path class=\"%s\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n", style, x1, y1, x2, y2);
}

/// The seconds between two marks of the axis: 12 marks or fewer.
double seconds_of_mark(double duration) {
  for (double seconds : {0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0})
    if (duration <= 12 * seconds) return seconds;
  return 3600 * std::ceil(duration / (12 * 3600));
}

/// The part of `values` that belongs to a column: one or more values.
template <class T>
std::span<const T> part_of_column(std::span<const T> values, std::size_t column) {
  const std::size_t begin = column * values.size() / columns;
  const std::size_t end = std::max(begin + 1, (column + 1) * values.size() / columns);
  return values.subspan(begin, end - begin);
}

/// A vertical stroke in each column, from the smallest to the largest sample. `loudest` reaches the panel's edge.
std::string waveform(std::span<const float> samples, float loudest) {
  std::string path;
  for (std::size_t x = 0; x < columns; ++x) {
    const auto part = part_of_column(samples, x);
    const auto [low, high] = std::ranges::minmax(part);
    const auto y = [&](float value) {
      return static_cast<int>(std::lround(wave_middle - value / loudest * (wave_height / 2)));
    };
    path += format("M%d %dv%d", left + static_cast<int>(x), y(high), std::max(1, y(low) - y(high)));
  }
  return "<path class=\"wave\" d=\"" + path + "\"/>\n";
}

/// A step for each chunk, or for each column if there are more chunks than columns.
std::string chances(std::span<const float> probabilities) {
  const auto y = [](float p) { return static_cast<double>(static_cast<float>(chance_bottom) - p * chance_height); };
  const std::size_t steps = std::min<std::size_t>(probabilities.size(), columns);
  std::string path = format("M%d %d", left, chance_bottom);
  for (std::size_t i = 0; i < steps; ++i) {
    const float p = steps < columns ? probabilities[i] : std::ranges::max(part_of_column(probabilities, i));
    const double end = left + static_cast<double>(i + 1) * columns / static_cast<double>(steps);
    path += format("V%.1fH%.1f", y(p), end);
  }
  return "<path class=\"chance\" d=\"" + path + format("V%dZ", chance_bottom) + "\"/>\n";
}

std::string time_axis(double duration) {
  std::string svg;
  const double mark = seconds_of_mark(duration);
  for (int i = 0; i * mark <= duration; ++i) {
    const double x = left + i * mark / duration * columns;
    svg += line("grid", x, wave_top, x, wave_top + wave_height) + line("grid", x, chance_top, x, chance_bottom + 5);
    svg += text_at(x, chance_bottom + 20, "mark", mark < 1 ? format("%.1f", i * mark) : format("%.0f", i * mark));
  }
  return svg + text_at((left + right) / 2.0, chance_bottom + 40, "mark", "time in seconds");
}

}  // namespace

std::string timeline_as_svg(std::span<const float> samples, std::span<const float> probabilities,
                            std::span<const segment> segments) {
  const double duration = static_cast<double>(probabilities.size()) * seconds_per_chunk;
  std::string svg = format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\" "
      "font-family=\"sans-serif\">\n<title>Where the sound is speech</title>\n",
      width, height, width, height);
  svg +=
      "<style>text{fill:#222;font-size:13px}.title{font-size:20px;font-weight:bold}.mark{text-anchor:middle}"
      ".value{text-anchor:end}.speech{fill:#fde2c4}.label{fill:#9a4500;font-weight:bold;text-anchor:middle}"
      ".grid{stroke:#ddd}.frame{fill:none;stroke:#888}.wave{stroke:#2b5c8a}.chance{fill:#b8cfe6;stroke:#2b5c8a}"
      ".limit{stroke:#c0392b;stroke-dasharray:5 4}.red{fill:#c0392b;text-anchor:end}</style>\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
  svg += text_at(left, 34, "title", "Where the sound is speech");
  svg += text_at(left, 56, "line",
                 format("Above: the waveform. Below: the probability of speech in each %.0f ms. Shaded: counts as "
                        "speech. Dashed: it begins at %.1f.",
                        seconds_per_chunk * 1e3, static_cast<double>(speech_begins)));
  for (const segment& each : segments) {
    const double from = static_cast<double>(each.begin) * seconds_per_chunk / duration * columns;
    const double to = static_cast<double>(each.end) * seconds_per_chunk / duration * columns;
    for (const auto& [top, size] : {std::pair(wave_top, wave_height), std::pair(chance_top, chance_height)})
      svg += format("<rect class=\"speech\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>\n", left + from, top,
                    to - from, size);
    if (to - from >= 50) svg += text_at(left + (from + to) / 2, wave_top - 7, "label", "speech");
  }
  svg += time_axis(duration);
  float loudest = 0;
  for (float sample : samples) loudest = std::max(loudest, std::abs(sample));
  if (loudest == 0) loudest = 1;
  svg += waveform(samples, loudest) + chances(probabilities);
  const double limit = chance_bottom - static_cast<double>(speech_begins) * chance_height;
  svg += line("limit", left, limit, right, limit);
  svg += text_at(left - 8, wave_top + 12, "value", format("%+.2f", static_cast<double>(loudest)));
  svg += text_at(left - 8, wave_middle + 4, "value", "waveform");
  svg += text_at(left - 8, wave_top + wave_height, "value", format("−%.2f", static_cast<double>(loudest)));
  svg += text_at(left - 8, chance_top + 11, "value", "1");
  svg += text_at(left - 8, limit - 12, "value", "probability");
  svg += text_at(left - 8, limit + 4, "red", format("%.1f", static_cast<double>(speech_begins)));
  svg += text_at(left - 8, chance_bottom, "value", "0");
  for (const auto& [top, size] : {std::pair(wave_top, wave_height), std::pair(chance_top, chance_height)})
    svg += format("<path class=\"frame\" d=\"M%d %dh%dv%dh-%dz\"/>\n", left, top, columns, size, columns);
  return svg + "</svg>\n";
}

}  // namespace vad_example
