// SPDX-License-Identifier: Apache-2.0
// The probabilities of speech as a timeline: which parts are speech, as text and as a picture.
#pragma once

#include <cstddef>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

namespace vad_example {

inline constexpr double sample_rate = 16000, seconds_per_chunk = 512 / sample_rate;

/// A segment of speech begins with a chunk of at least `speech_begins`, and ends before the first of `quiet_chunks`
/// chunks in a row below `speech_ends`. Segments of fewer than `least_chunks` do not count.
inline constexpr float speech_begins = 0.5f, speech_ends = 0.35f;
inline constexpr std::size_t quiet_chunks = 4, least_chunks = 8;

/// The chunks `begin` to `end` - 1 are speech.
struct segment {
  std::size_t begin, end;
  float mean;  ///< of the probabilities
};

/// Each element of `probabilities` is one chunk.
std::vector<segment> find_speech(std::span<const float> probabilities);

/// The segments as a table.
std::string segments_as_text(std::span<const segment> segments);

/// One character for each chunk, darker for a larger probability, in lines that begin with their time. A long sound has
/// several chunks to a character, which shows the largest probability.
std::string timeline_as_text(std::span<const float> probabilities);

/// The waveform and, below it, the probabilities and the segments, on one axis of time.
std::string timeline_as_svg(std::span<const float> samples, std::span<const float> probabilities,
                            std::span<const segment> segments);

/// printf into a string.
template <class... Argument>
std::string format(const char* pattern, Argument... arguments) {
  std::string text(static_cast<std::size_t>(std::snprintf(nullptr, 0, pattern, arguments...)), ' ');
  std::snprintf(text.data(), text.size() + 1, pattern, arguments...);
  return text;
}

}  // namespace vad_example
