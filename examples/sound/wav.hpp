// SPDX-License-Identifier: Apache-2.0
// Reads and writes sound: WAV files with one channel of 16-bit PCM.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sound_example {

/// The bytes of a file, or of standard input for the name "-". Throws std::runtime_error if they cannot be read or are
/// more than 512 MB.
std::string read_bytes(const std::string& file);

/// Whether the bytes begin as those of a WAV file, so that they are not bare samples.
bool is_wav(std::string_view bytes);

/// The samples of a WAV file, in [-1, 1). It must be mono 16-bit PCM with `rate` samples a second. Throws
/// std::runtime_error that begins with `name` and says which field is wrong, what was expected, what was found and what
/// to do.
std::vector<float> read_wav(std::string_view bytes, const std::string& name, std::uint32_t rate);

/// Bare samples: 16-bit integers, low byte first. Throws std::runtime_error if the last one is not whole or if the
/// bytes begin as those of another format.
std::vector<float> read_raw(std::string_view bytes, const std::string& name, std::uint32_t rate);

/// Writes a WAV file of the same kind. Samples outside of [-1, 1) are limited to it; returns how many. Throws
/// std::runtime_error if the file cannot be written.
std::size_t write_wav(const std::string& file, std::span<const float> samples, std::uint32_t rate);

/// `file` as a word of a POSIX shell, for commands in messages.
std::string quoted(const std::string& file);

}  // namespace sound_example
