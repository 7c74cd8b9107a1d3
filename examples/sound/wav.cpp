// SPDX-License-Identifier: Apache-2.0
// Reads and writes WAV files. The format: a header of 12 bytes, then chunks, each with a name, a size and its bytes.
#include "wav.hpp"

#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <optional>
#include <stdexcept>

namespace sound_example {
namespace {

constexpr std::size_t most_bytes = std::size_t{512} << 20;
constexpr std::uint32_t pcm = 1, extensible = 0xfffe;  // codes for what the samples are
/// Programs that write to a pipe do not know the size of the sound, and claim this or more.
constexpr std::uint32_t unknown_size = 0x7fff0000;

/// An unsigned integer, low byte first.
std::uint32_t number_at(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

void append_number(std::string& bytes, std::uint32_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(value >> 8 * i & 0xff);
}

/// The name of another format that the bytes begin with, or nothing.
std::optional<std::string> other_format(std::string_view bytes) {
  struct beginning {
    std::string_view bytes;
    const char* name;
  };
  static constexpr beginning known[] = {{"RIFX", "a big-endian WAV file (RIFX)"},
                                        {"RF64", "a 64-bit WAV file (RF64)"},
                                        {"fLaC", "a FLAC file"},
                                        {"OggS", "an Ogg file"},
                                        {"ID3", "an MP3 file"},
                                        {"\xff\xfb", "an MP3 file"},
                                        {"FORM", "an AIFF file"},
                                        {".snd", "an AU file"}};
  for (const beginning& each : known)
    if (bytes.starts_with(each.bytes)) return each.name;
  return std::nullopt;
}

/// The end of a message: the command that makes a file as it should be.
std::string advice(const std::string& name, std::uint32_t rate) {
  const std::string from = name == "standard input" ? "FILE" : quoted(name);
  return "; convert it: sox " + from + " -r " + std::to_string(rate) + " -c 1 -b 16 -e signed new.wav";
}

/// Samples of 16 bits, scaled to [-1, 1).
std::vector<float> scaled(std::string_view bytes) {
  std::vector<float> samples;
  samples.reserve(bytes.size() / 2);
  for (std::size_t at = 0; at + 1 < bytes.size(); at += 2)
    samples.push_back(static_cast<float>(static_cast<std::int16_t>(number_at(bytes, at, 2))) / 32768);
  return samples;
}

/// What the chunk "fmt " says of the samples.
struct format {
  std::uint32_t code, channels, rate, bits;
};

format read_format(std::string_view chunk, const std::string& name) {
  if (chunk.size() < 16)
    throw std::runtime_error(name + ": chunk 'fmt ': expected 16 bytes or more, found " + std::to_string(chunk.size()) +
                             "; the file is damaged");
  format read{number_at(chunk, 0, 2), number_at(chunk, 2, 2), number_at(chunk, 4, 4), number_at(chunk, 14, 2)};
  // The extended form says further back what the samples are.
  if (read.code == extensible && chunk.size() >= 26) read.code = number_at(chunk, 24, 2);
  return read;
}

void check_format(const format& found, const std::string& name, std::uint32_t rate) {
  const auto check = [&](const char* field, std::uint32_t expected, std::uint32_t is, const char* unit) {
    if (is != expected)
      throw std::runtime_error(name + ": " + field + ": expected " + std::to_string(expected) + unit + ", found " +
                               std::to_string(is) + unit + advice(name, rate));
  };
  check("audio format (1 is PCM)", pcm, found.code, "");
  check("channels", 1, found.channels, "");
  check("sample rate", rate, found.rate, " Hz");
  check("bits per sample", 16, found.bits, "");
}

}  // namespace

std::string quoted(const std::string& file) {
  std::string word = "'";
  for (char c : file) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

std::string read_bytes(const std::string& file) {
  const bool standard = file == "-";
  const std::string name = standard ? "standard input" : file;
  std::ifstream opened;
  if (!standard) opened.open(file, std::ios::binary);
  std::istream& in = standard ? std::cin : opened;
  if (!in) throw std::runtime_error(name + ": cannot be opened");
  std::string bytes, block(1 << 16, '\0');
  while (in.read(block.data(), static_cast<std::streamsize>(block.size())), in.gcount() > 0) {
    bytes.append(block, 0, static_cast<std::size_t>(in.gcount()));
    if (bytes.size() > most_bytes)
      throw std::runtime_error(name + ": size: expected at most 512 MB, found more; cut the sound into parts");
  }
  if (in.bad() || !in.eof()) throw std::runtime_error(name + ": cannot be read; is it a folder?");
  return bytes;
}

bool is_wav(std::string_view bytes) { return bytes.starts_with("RIFF"); }

std::vector<float> read_wav(std::string_view bytes, const std::string& name, std::uint32_t rate) {
  if (bytes.size() < 12 || !is_wav(bytes) || bytes.substr(8, 4) != "WAVE")
    throw std::runtime_error(name + ": header: expected a WAV file, found " +
                             (bytes.empty() ? "no bytes" : other_format(bytes).value_or("another kind of file")) +
                             advice(name, rate));
  std::optional<format> found;
  std::size_t at = 12;
  while (bytes.size() - at >= 8) {
    const std::string_view chunk = bytes.substr(at, 4);
    const std::uint32_t size = number_at(bytes, at + 4, 4);
    at += 8;
    const std::size_t left = bytes.size() - at;
    const bool samples = chunk == "data";
    if (size > left && !(samples && size >= unknown_size))
      throw std::runtime_error(name + ": chunk '" +
                               (samples           ? "data"
                                : chunk == "fmt " ? "fmt "
                                                  : "other") +
                               "': expected " + std::to_string(size) + " bytes, found " + std::to_string(left) +
                               "; the file is cut off, so copy or record it again");
    const std::string_view content = bytes.substr(at, size);
    if (chunk == "fmt ") found = read_format(content, name);
    if (samples) {
      if (!found)
        throw std::runtime_error(name + ": chunk 'data': expected 'fmt ' before it, found none; the file is damaged");
      check_format(*found, name, rate);
      if (size <= left && size % 2 != 0)
        throw std::runtime_error(name + ": chunk 'data': expected 2 bytes for each sample, found " +
                                 std::to_string(size) + " bytes; the file is damaged");
      return scaled(content);
    }
    // A chunk of odd size has a byte behind it that does not count.
    at += std::min(left, std::size_t{size} + size % 2);
  }
  throw std::runtime_error(name + ": chunk 'data': expected samples, found none; the file is damaged");
}

std::vector<float> read_raw(std::string_view bytes, const std::string& name, std::uint32_t rate) {
  if (const std::optional<std::string> other = other_format(bytes))
    throw std::runtime_error(name + ": header: expected a WAV file or bare samples, found " + *other +
                             advice(name, rate));
  if (bytes.size() % 2 != 0)
    throw std::runtime_error(name + ": samples: expected 2 bytes for each, found " + std::to_string(bytes.size()) +
                             " bytes; send signed 16-bit samples, low byte first");
  return scaled(bytes);
}

std::size_t write_wav(const std::string& file, std::span<const float> samples, std::uint32_t rate) {
  const auto size = static_cast<std::uint32_t>(2 * samples.size());
  std::string bytes = "RIFF";
  append_number(bytes, 36 + size, 4);
  bytes += "WAVEfmt ";
  append_number(bytes, 16, 4);
  append_number(bytes, pcm, 2);
  append_number(bytes, 1, 2);
  append_number(bytes, rate, 4);
  append_number(bytes, 2 * rate, 4);  // bytes a second
  append_number(bytes, 2, 2);         // bytes of all channels at one time
  append_number(bytes, 16, 2);
  bytes += "data";
  append_number(bytes, size, 4);
  std::size_t limited = 0;
  for (float sample : samples) {
    const float scale = std::nearbyint(sample * 32768);
    const bool fits = scale >= -32768 && scale <= 32767;  // false for NaN, too
    limited += fits ? 0 : 1;
    const float kept = fits ? scale : scale > 0 ? 32767.0f : scale < 0 ? -32768.0f : 0.0f;
    append_number(bytes, static_cast<std::uint16_t>(static_cast<std::int16_t>(kept)), 2);
  }
  std::ofstream out(file, std::ios::binary);
  out << bytes;
  out.close();
  if (!out) throw std::runtime_error(file + ": cannot be written");
  return limited;
}

}  // namespace sound_example
