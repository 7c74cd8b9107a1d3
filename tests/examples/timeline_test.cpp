// SPDX-License-Identifier: Apache-2.0
// Tests which parts of a sound count as speech, and how they are shown.
#include "vad/timeline.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace vad_example {
namespace {

/// Probabilities for each character: 's' for speech, '-' for neither speech nor quiet, '.' for quiet.
std::vector<float> chunks(std::string_view text) {
  std::vector<float> probabilities;
  for (char c : text) probabilities.push_back(c == 's' ? 0.9f : c == '-' ? 0.4f : 0.1f);
  return probabilities;
}

/// The segments as "begin-end begin-end".
std::string found(std::string_view text) {
  std::string segments;
  for (const segment& each : find_speech(chunks(text)))
    segments += (segments.empty() ? "" : " ") + std::to_string(each.begin) + "-" + std::to_string(each.end);
  return segments;
}

TEST(find_speech, finds_a_segment_and_its_mean) {
  const auto segments = find_speech(chunks("....ssss-sssss....."));
  ASSERT_EQ(segments.size(), 1u);
  EXPECT_EQ(segments[0].begin, 4u);
  EXPECT_EQ(segments[0].end, 14u);
  EXPECT_NEAR(segments[0].mean, (9 * 0.9 + 0.4) / 10, 1e-6);
}

TEST(find_speech, pauses_of_three_chunks_do_not_divide_and_of_four_do) {
  EXPECT_EQ(found("ssssssss...ssssssss"), "0-19");
  EXPECT_EQ(found("ssssssss....ssssssss"), "0-8 12-20");
}

TEST(find_speech, probabilities_between_the_limits_do_not_begin_but_continue) {
  EXPECT_EQ(found("----ssss--------...."), "4-16");
  EXPECT_EQ(found("--------------------"), "");
}

TEST(find_speech, segments_of_seven_chunks_do_not_count) {
  EXPECT_EQ(found("..sssssss....."), "");
  EXPECT_EQ(found("..ssssssss...."), "2-10");
}

TEST(find_speech, a_segment_may_reach_the_end) {
  EXPECT_EQ(found("..ssssssssss"), "2-12");
  EXPECT_EQ(found("..ssssssss.."), "2-10");
  EXPECT_EQ(found(""), "");
}

TEST(timeline, shows_each_chunk_and_the_time_of_each_line) {
  std::vector<float> probabilities(65, 0.05f);
  probabilities[1] = 1.0f;
  probabilities[64] = 0.55f;
  EXPECT_EQ(timeline_as_text(probabilities), "    0.00 s | @" + std::string(62, ' ') +
                                                 "|\n    2.05 s |+|\none character: 32 ms; ' ' is a probability below "
                                                 "0.1, '@' one above 0.9\n");
}

TEST(timeline, a_long_sound_has_the_largest_of_several_chunks_in_a_character) {
  std::vector<float> probabilities(64 * 30 + 1, 0.0f);
  probabilities[1] = 0.95f;
  const std::string text = timeline_as_text(probabilities);
  EXPECT_EQ(text.substr(0, 14), "    0.00 s |@ ");
  EXPECT_NE(text.find("one character: 64 ms"), std::string::npos);
}

TEST(timeline, the_picture_has_a_rectangle_in_both_panels_for_each_segment) {
  const auto probabilities = chunks("ssssssss....ssssssss");
  const std::vector<float> samples(probabilities.size() * 512, 0.25f);
  const std::string svg = timeline_as_svg(samples, probabilities, find_speech(probabilities));
  std::size_t rectangles = 0;
  for (std::size_t at = 0; (at = svg.find("class=\"speech\"", at)) != std::string::npos; ++at) ++rectangles;
  EXPECT_EQ(rectangles, 4u);
  EXPECT_NE(svg.find("+0.25"), std::string::npos);  // the loudest sample
  EXPECT_EQ(svg.find("nan"), std::string::npos);
}

TEST(timeline, silence_and_one_chunk_can_be_drawn) {
  const std::vector<float> samples(512, 0.0f), probability(1, 0.0f);
  const std::string svg = timeline_as_svg(samples, probability, {});
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(svg.find("inf"), std::string::npos);
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
}

}  // namespace
}  // namespace vad_example
