// SPDX-License-Identifier: Apache-2.0
// Plays a guitar through neural amplifiers: checks and times them, or writes what one of them makes of a WAV file.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <exception>
#include <functional>
#include <inlay/stream.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "model.hpp"
#include "wav.hpp"

namespace {

using namespace amp_example;

constexpr std::uint32_t rate = 48000;
/// Steps of a call.
constexpr std::array<std::size_t, 3> blocks{1, 64, 512};
/// Samples that are timed together. It is short, so that most parts run without an interruption.
constexpr std::size_t part = 512;
/// The largest differences from the expected signal that are allowed. In a few milliseconds near silence, after the
/// first note's attack is still to come, the WaveNet amplifies about 3000 times, and the rounding of f32 with it.
constexpr std::size_t sensitive_begin = 448, sensitive_end = 640;
struct differences {
  double elsewhere = 0, sensitive = 0;
  bool within(const differences& most) const { return elsewhere <= most.elsewhere && sensitive <= most.sensitive; }
};
constexpr differences allowed{1e-5, 2e-5};
/// With `approximate` each tanh may be wrong by 2^-13, and the signal by what the layers make of that.
constexpr differences allowed_of_approximate{2e-3, 2e-3};
constexpr int rounds = 11;  // over the whole signal
/// More samples of silence than either network remembers.
constexpr std::size_t silence = 4096;

constexpr const char* usage =
    "usage: amp\n"
    "       amp [--network wavenet|small] IN.wav OUT.wav\n\n"
    "Without files: runs two neural guitar amplifiers on data/guitar.f32 in blocks of 1, 64 and 512 samples, checks\n"
    "that each gives the same bits and the expected signal, and prints how many times real time at 48 kHz one core "
    "is.\n"
    "With files: plays IN.wav (48 kHz, mono, 16-bit PCM) through an amplifier into OUT.wav.\n\n"
    "  --network NAME  wavenet, a loud guitar amplifier (default), or small, the clean sound of a bass amplifier\n"
    "  --help          prints this text\n\n"
    "Exit code: 0 if all is well; 1 if a file cannot be used, blocks disagree or a sample differs from the expected "
    "one\n"
    "by more than 1e-5 (2e-5 in the samples 448 to 639; 2e-3 at the tier approximate); 2 if the arguments are wrong.\n";

struct options {
  std::string in, out;  ///< empty: check and time
  bool small = false;
  bool help = false;
};

/// The arguments are wrong.
struct usage_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

options parse(int argc, char** argv) {
  options parsed;
  bool chosen = false;
  std::vector<std::string> files;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--help" || argument == "-h") {
      parsed.help = true;
    } else if (argument == "--network") {
      const std::string name = ++i == argc ? "" : argv[i];
      if (name != "wavenet" && name != "small")
        throw usage_error("--network: expected wavenet or small, found '" + name + "'");
      parsed.small = name == "small";
      chosen = true;
    } else if (argument.starts_with('-')) {
      throw usage_error("unknown option '" + argument + "'");
    } else {
      files.push_back(argument);
    }
  }
  if (parsed.help) return parsed;
  if (files.size() != 2 && !files.empty())
    throw usage_error("expected two files, IN.wav and OUT.wav, found " + std::to_string(files.size()));
  if (files.empty() && chosen) throw usage_error("--network is for playing a file: amp --network NAME IN.wav OUT.wav");
  for (const std::string& file : files)
    if (file.empty()) throw usage_error("the name of a file is empty");
  if (files.size() == 2) parsed.in = files[0], parsed.out = files[1];
  return parsed;
}

/// A file of `float`, low byte first.
std::vector<float> read_floats(const std::string& file) {
  const std::string bytes = sound_example::read_bytes(file);
  if (bytes.empty() || bytes.size() % sizeof(float) != 0)
    throw std::runtime_error(file + ": expected 4 bytes for each sample, found " + std::to_string(bytes.size()) +
                             " bytes; restore the file of the example");
  std::vector<float> numbers(bytes.size() / sizeof(float));
  std::memcpy(numbers.data(), bytes.data(), bytes.size());
  return numbers;
}

/// A compiled amplifier before its first sample, and what it is expected to do.
struct amplifier {
  const char* name;
  inlay::accuracy tier;
  std::string expected;  ///< the file
  /// Plays from the first sample on, in blocks of so many samples. Returns the seconds for each part of 512 samples.
  std::function<std::vector<double>(std::span<const float> dry, std::span<float> wet, std::size_t block)> play;
};

template <const auto& Net>
amplifier make(const char* name, inlay::accuracy tier, const char* expected) {
  auto channel = std::make_shared<inlay::stream<Net>>();
  return {name, tier, std::string(AMP_FOLDER "/data/") + expected,
          [channel](std::span<const float> dry, std::span<float> wet, std::size_t block) {
            channel->reset();
            std::vector<double> seconds;
            for (std::size_t at = 0; at < dry.size();) {
              const std::size_t end = std::min(at + part, dry.size());
              const auto start = std::chrono::steady_clock::now();
              for (; at < end; at += std::min(block, end - at)) {
                const std::size_t steps = std::min(block, end - at);
                if ((*channel)(dry.subspan(at, steps), wet.subspan(at, steps)) != inlay::status::ok)
                  throw std::runtime_error("the compiled network refused to run");
              }
              seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
            }
            return seconds;
          }};
}

std::vector<amplifier> amplifiers() {
  constexpr const char *of_wavenet = "wavenet.expected.f32", *of_small = "lstm.expected.f32";
  return {make<wavenet>("wavenet", inlay::exact, of_wavenet),
          make<wavenet_fast>("wavenet", inlay::fast, of_wavenet),
          make<wavenet_approximate>("wavenet", inlay::approximate, of_wavenet),
          make<small>("small", inlay::exact, of_small),
          make<small_fast>("small", inlay::fast, of_small),
          make<small_approximate>("small", inlay::approximate, of_small)};
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

differences compare(std::span<const float> wet, std::span<const float> expected) {
  differences found;
  for (std::size_t i = 0; i < wet.size(); ++i) {
    double& largest = i >= sensitive_begin && i < sensitive_end ? found.sensitive : found.elsewhere;
    const double difference = std::abs(static_cast<double>(wet[i]) - static_cast<double>(expected[i]));
    if (!(difference <= largest)) largest = difference;  // true for NaN, too
  }
  return found;
}

const char* text(inlay::accuracy tier) { return inlay::name_of(tier).data(); }

/// Checks one amplifier and prints the line of it; returns whether all is well.
bool check(const amplifier& amp, std::span<const float> dry) {
  const std::vector<float> expected = read_floats(amp.expected);
  if (expected.size() != dry.size())
    throw std::runtime_error(amp.expected + ": expected " + std::to_string(dry.size()) + " samples, found " +
                             std::to_string(expected.size()) + "; restore the file of the example");
  std::array<std::vector<float>, blocks.size()> wet;
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    wet[b].resize(dry.size());
    amp.play(dry, wet[b], blocks[b]);
  }
  const bool same = std::ranges::all_of(
      wet, [&](const auto& each) { return std::memcmp(each.data(), wet[0].data(), 4 * dry.size()) == 0; });
  const differences found = compare(wet[0], expected);
  const differences most = amp.tier == inlay::approximate ? allowed_of_approximate : allowed;
  const bool good = same && found.within(most);
  std::printf("%-10s %-11s %.1e of %.0e   %.1e of %.0e   %-10s %s\n", amp.name, text(amp.tier), found.elsewhere,
              most.elsewhere, found.sensitive, most.sensitive, same ? "yes" : "NO", good ? "good" : "WRONG");
  return good;
}

/// Prints how many times real time each amplifier is, with each block. They take turns, so that disturbances affect
/// all.
void print_times(const std::vector<amplifier>& all, std::span<const float> dry) {
  std::vector<std::array<std::vector<double>, blocks.size()>> seconds(all.size());
  std::vector<float> wet(dry.size());
  for (int round = 0; round < rounds; ++round)
    for (std::size_t a = 0; a < all.size(); ++a)
      for (std::size_t b = 0; b < blocks.size(); ++b) {
        const std::vector<double> parts = all[a].play(dry, wet, blocks[b]);
        seconds[a][b].insert(seconds[a][b].end(), parts.begin(), parts.end());
      }
  std::puts("\ntimes real time at 48 kHz, one core: the median of parts of 512 samples");
  std::puts("                       blocks of 1        of 64       of 512     ns per sample in blocks of 64");
  for (std::size_t a = 0; a < all.size(); ++a) {
    std::printf("%-10s %-11s", all[a].name, text(all[a].tier));
    for (const auto& each : seconds[a]) std::printf(" %12.1f", static_cast<double>(part) / rate / median(each));
    std::printf(" %12.0f\n", median(seconds[a][1]) / static_cast<double>(part) * 1e9);
  }
}

int check_and_time() {
  const std::vector<float> dry = read_floats(AMP_FOLDER "/data/guitar.f32");
  const std::vector<amplifier> all = amplifiers();
  std::printf("%zu samples of guitar, %.2f s, in blocks of 1, 64 and 512 samples\n\n", dry.size(),
              static_cast<double>(dry.size()) / rate);
  std::puts("                       largest difference, of what is allowed  same bits in");
  std::puts("network    tier        in general         448..639             all blocks");
  bool good = true;
  for (const amplifier& amp : all) good = check(amp, dry) && good;
  print_times(all, dry);
  if (!good) std::puts("\na signal is not the expected one, or depends on the size of the blocks");
  return good ? 0 : 1;
}

int play_file(const options& chosen) {
  const std::vector<float> samples = sound_example::read_wav(sound_example::read_bytes(chosen.in), chosen.in, rate);
  if (samples.empty())
    throw std::runtime_error(chosen.in + ": length: expected one sample or more, found none; choose a longer sound");
  // The amplifier is on before the first note: it hears silence, of which no one hears the result.
  std::vector<float> dry(silence, 0.0f);
  dry.insert(dry.end(), samples.begin(), samples.end());
  std::vector<float> wet(dry.size());
  const amplifier amp =
      chosen.small ? make<small>("small", inlay::exact, "") : make<wavenet>("wavenet", inlay::exact, "");
  const double seconds = median(amp.play(dry, wet, part));
  const std::span<const float> heard = std::span(wet).subspan(silence);
  float peak = 0;
  for (float each : heard) peak = std::max(peak, std::abs(each));
  const std::size_t limited = sound_example::write_wav(chosen.out, heard, rate);
  std::printf("%s: %.2f s through %s, %.0f times real time, peak %.3f\n", chosen.out.c_str(),
              static_cast<double>(heard.size()) / rate, amp.name, static_cast<double>(part) / rate / seconds,
              static_cast<double>(peak));
  if (limited > 0)
    std::printf("%zu samples are louder than the file can hold and were limited: play more quietly\n", limited);
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  const options chosen = parse(argc, argv);
  if (!chosen.help) return chosen.in.empty() ? check_and_time() : play_file(chosen);
  std::fputs(usage, stdout);
  return 0;
} catch (const usage_error& e) {
  std::fprintf(stderr, "amp: %s; see --help\n", e.what());
  return 2;
} catch (const std::exception& e) {
  std::fprintf(stderr, "amp: %s\n", e.what());
  return 1;
}
