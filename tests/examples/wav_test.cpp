// SPDX-License-Identifier: Apache-2.0
// Tests how WAV files are read and written: fields, chunks, and messages for files that cannot be used.
#include "sound/wav.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace sound_example {
namespace {

std::string number(std::uint32_t value, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> 8 * i & 0xff);
  return bytes;
}

std::string chunk(const std::string& name, const std::string& content) {
  return name + number(static_cast<std::uint32_t>(content.size()), 4) + content + (content.size() % 2 ? "x" : "");
}

std::string fmt(std::uint32_t code, std::uint32_t channels, std::uint32_t rate, std::uint32_t bits) {
  return chunk("fmt ", number(code, 2) + number(channels, 2) + number(rate, 4) + number(rate * channels * bits / 8, 4) +
                           number(channels * bits / 8, 2) + number(bits, 2));
}

std::string wav(const std::string& chunks) { return "RIFF" + number(0, 4) + "WAVE" + chunks; }

const std::string good_fmt = fmt(1, 1, 16000, 16);
const std::string samples("\x00\x00\x00\x40\xff\x7f\x00\x80\xff\xff", 10);
const std::vector<float> values{0.0f, 0.5f, 32767.0f / 32768, -1.0f, -1.0f / 32768};

/// The message for a file that cannot be used.
std::string error_of(const std::string& bytes) {
  try {
    (void)read_wav(bytes, "a.wav", 16000);
  } catch (const std::runtime_error& e) {
    return e.what();
  }
  return "no error";
}

const std::string convert = "; convert it: sox 'a.wav' -r 16000 -c 1 -b 16 -e signed new.wav";

TEST(read_wav, scales_16_bit_samples) {
  EXPECT_EQ(read_wav(wav(good_fmt + chunk("data", samples)), "", 16000), values);
}

TEST(read_wav, skips_other_chunks_of_even_and_odd_size) {
  EXPECT_EQ(read_wav(wav(chunk("LIST", "odd") + good_fmt + chunk("fact", "even") + chunk("data", samples)), "", 16000),
            values);
  EXPECT_EQ(read_wav(wav(good_fmt + chunk("data", samples) + "LIST"), "", 16000), values);  // what follows is not read
}

TEST(read_wav, reads_the_extended_form_of_pcm) {
  const std::string extended = good_fmt.substr(8) + number(22, 2) + number(16, 2) + number(4, 4) + number(1, 2) +
                               std::string("\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71", 14);
  std::string content = extended;
  content[0] = '\xfe', content[1] = '\xff';
  EXPECT_EQ(read_wav(wav(chunk("fmt ", content) + chunk("data", samples)), "", 16000), values);
  content[24] = 3;  // float
  EXPECT_EQ(error_of(wav(chunk("fmt ", content) + chunk("data", samples))),
            "a.wav: audio format (1 is PCM): expected 1, found 3" + convert);
}

TEST(read_wav, a_size_that_a_pipe_did_not_know_means_the_rest) {
  for (std::uint32_t size : {0xffffffffu, 0x7ffff000u, 0x7fffffffu})
    EXPECT_EQ(read_wav(wav(good_fmt + "data" + number(size, 4) + samples), "", 16000), values) << size;
}

TEST(read_wav, names_the_field_what_was_expected_and_what_was_found) {
  const std::string data = chunk("data", samples);
  EXPECT_EQ(error_of(wav(fmt(3, 1, 16000, 32) + data)),
            "a.wav: audio format (1 is PCM): expected 1, found 3" + convert);
  EXPECT_EQ(error_of(wav(fmt(1, 2, 16000, 16) + data)), "a.wav: channels: expected 1, found 2" + convert);
  EXPECT_EQ(error_of(wav(fmt(1, 1, 44100, 16) + data)),
            "a.wav: sample rate: expected 16000 Hz, found 44100 Hz" + convert);
  EXPECT_EQ(error_of(wav(fmt(1, 1, 16000, 24) + data)), "a.wav: bits per sample: expected 16, found 24" + convert);
}

TEST(read_wav, names_what_is_missing_or_damaged) {
  EXPECT_EQ(error_of(""), "a.wav: header: expected a WAV file, found no bytes" + convert);
  EXPECT_EQ(error_of("fLaC and more"), "a.wav: header: expected a WAV file, found a FLAC file" + convert);
  EXPECT_EQ(error_of("RIFF0000AVI other"), "a.wav: header: expected a WAV file, found another kind of file" + convert);
  EXPECT_EQ(error_of(wav(chunk("data", samples))),
            "a.wav: chunk 'data': expected 'fmt ' before it, found none; the file is damaged");
  EXPECT_EQ(error_of(wav(good_fmt)), "a.wav: chunk 'data': expected samples, found none; the file is damaged");
  EXPECT_EQ(error_of(wav(chunk("fmt ", "short"))),
            "a.wav: chunk 'fmt ': expected 16 bytes or more, found 5; the file is damaged");
  EXPECT_EQ(error_of(wav(good_fmt + "data" + number(12, 4) + samples)),
            "a.wav: chunk 'data': expected 12 bytes, found 10; the file is cut off, so copy or record it again");
  EXPECT_EQ(
      error_of(wav("junk" + number(0xffffffff, 4) + "0123")),
      "a.wav: chunk 'other': expected 4294967295 bytes, found 4; the file is cut off, so copy or record it again");
  EXPECT_EQ(error_of(wav(good_fmt + chunk("data", "odd"))),
            "a.wav: chunk 'data': expected 2 bytes for each sample, found 3 bytes; the file is damaged");
}

TEST(read_wav, refuses_every_beginning_of_a_file) {
  const std::string file = wav(chunk("LIST", "odd") + good_fmt + chunk("data", samples));
  for (std::size_t size = 0; size < file.size(); ++size)
    EXPECT_THROW((void)read_wav(file.substr(0, size), "", 16000), std::runtime_error) << size;
  EXPECT_EQ(read_wav(file, "", 16000), values);
}

TEST(read_raw, reads_bare_samples_and_refuses_other_formats) {
  EXPECT_EQ(read_raw(samples, "", 16000), values);
  EXPECT_TRUE(read_raw("", "", 16000).empty());
  EXPECT_THROW((void)read_raw("odd", "", 16000), std::runtime_error);
  EXPECT_THROW((void)read_raw("OggS0123", "", 16000), std::runtime_error);
}

TEST(read_bytes, refuses_absent_files_and_folders) {
  EXPECT_THROW((void)read_bytes("/absent"), std::runtime_error);
  EXPECT_THROW((void)read_bytes("/"), std::runtime_error);
}

TEST(write_wav, writes_what_can_be_read_and_limits_the_rest) {
  const std::string file = testing::TempDir() + "inlay_write_wav_test.wav";
  std::vector<float> sound = values;
  EXPECT_EQ(write_wav(file, sound, 16000), 0u);
  EXPECT_EQ(read_bytes(file).substr(0, 4), "RIFF");
  EXPECT_EQ(read_bytes(file).substr(12), good_fmt + chunk("data", samples));
  sound = {2.0f, -1.5f, 1.0f, NAN, INFINITY, 0.25f};
  EXPECT_EQ(write_wav(file, sound, 16000), 5u);
  EXPECT_EQ(read_wav(read_bytes(file), file, 16000),
            (std::vector<float>{32767.0f / 32768, -1.0f, 32767.0f / 32768, 0.0f, 32767.0f / 32768, 0.25f}));
  std::filesystem::remove(file);
  EXPECT_THROW((void)write_wav("/absent/a.wav", sound, 16000), std::runtime_error);
}

TEST(quoted, is_one_word_of_a_shell) { EXPECT_EQ(quoted("it's a.wav"), "'it'\\''s a.wav'"); }

}  // namespace
}  // namespace sound_example
