// SPDX-License-Identifier: Apache-2.0
// Finds the parts of a sound that are speech, and shows them as text.
#include "timeline.hpp"

#include <algorithm>
#include <numeric>
#include <string_view>

namespace vad_example {

std::vector<segment> find_speech(std::span<const float> probabilities) {
  std::vector<segment> segments;
  const auto add = [&](std::size_t begin, std::size_t end) {
    if (end - begin < least_chunks) return;
    const auto part = probabilities.subspan(begin, end - begin);
    segments.push_back({begin, end, std::accumulate(part.begin(), part.end(), 0.0f) / static_cast<float>(part.size())});
  };
  constexpr std::size_t none = static_cast<std::size_t>(-1);
  std::size_t begin = none, quiet = 0;  // the current segment's first chunk, and how many chunks were quiet at its end
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    if (begin == none && probabilities[i] >= speech_begins) begin = i;
    quiet = probabilities[i] < speech_ends ? quiet + 1 : 0;
    if (begin == none || quiet < quiet_chunks) continue;
    add(begin, i + 1 - quiet);
    begin = none;
  }
  if (begin != none) add(begin, probabilities.size() - quiet);
  return segments;
}

std::string segments_as_text(std::span<const segment> segments) {
  if (segments.empty()) return "no speech\n";
  std::string text = "speech        from         to     mean probability\n";
  for (std::size_t i = 0; i < segments.size(); ++i)
    text += format("%6zu  %8.2f s %8.2f s %14.3f\n", i + 1, static_cast<double>(segments[i].begin) * seconds_per_chunk,
                   static_cast<double>(segments[i].end) * seconds_per_chunk, static_cast<double>(segments[i].mean));
  return text;
}

std::string timeline_as_text(std::span<const float> probabilities) {
  constexpr std::string_view shades = " .:-=+*#%@";
  constexpr std::size_t per_line = 64, most_lines = 30;
  const std::size_t chunks = std::max<std::size_t>(
      1, (probabilities.size() + per_line * most_lines - 1) / (per_line * most_lines));  // of one character
  std::string text;
  for (std::size_t first = 0; first < probabilities.size(); first += per_line * chunks) {
    text += format("%8.2f s |", static_cast<double>(first) * seconds_per_chunk);
    const auto line = probabilities.subspan(first, std::min(per_line * chunks, probabilities.size() - first));
    for (std::size_t i = 0; i < line.size(); i += chunks) {
      const float largest = std::ranges::max(line.subspan(i, std::min(chunks, line.size() - i)));
      // A rounded probability of 1 belongs to the last shade. The comparison is false for NaN, too.
      const float at = largest * static_cast<float>(shades.size());
      text += at >= 0 ? shades[std::min(shades.size() - 1, static_cast<std::size_t>(at))] : '?';
    }
    text += "|\n";
  }
  return text + format("one character: %.0f ms; ' ' is a probability below 0.1, '@' one above 0.9\n",
                       static_cast<double>(chunks) * seconds_per_chunk * 1e3);
}

}  // namespace vad_example
