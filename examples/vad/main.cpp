// SPDX-License-Identifier: Apache-2.0
// Finds speech in a sound, chunk by chunk, and prints a timeline and the time that a chunk takes.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <fstream>
#include <inlay/interpreter.hpp>
#include <inlay/stream.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "model.hpp"
#include "timeline.hpp"
#include "wav.hpp"

namespace {

using namespace vad_example;

/// The largest differences from the expected probabilities that are allowed.
constexpr double compiled_tolerance = 2e-5, interpreted_tolerance = 1e-6;

constexpr const char* usage =
    "usage: vad [--svg FILE] [SOUND.wav | -]\n\n"
    "Finds speech in a sound with Silero's network: 512 samples a step, to the probability of speech. Prints where\n"
    "speech is, a timeline and the time per step.\n\n"
    "  SOUND.wav   16 kHz, mono, 16-bit PCM (default: the example's data/speech.wav, whose probabilities are compared\n"
    "              with those of ONNX Runtime in data/probabilities.txt)\n"
    "  -           the same from standard input, or bare samples: arecord -f S16_LE -r 16000 -d 5 -t raw | vad -\n"
    "  --svg FILE  also draws waveform and probability into FILE\n"
    "  --help      prints this text\n\n"
    "Exit code: 0 if all is well; 1 if a file cannot be used or a probability differs from the expected one by more "
    "than\n"
    "2e-5 (interpreted: 1e-6); 2 if the arguments are wrong.\n";

struct options {
  std::string sound;  ///< empty: the example's
  std::string svg;    ///< empty: no drawing
  bool help = false;
};

/// The arguments are wrong.
struct usage_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

options parse(int argc, char** argv) {
  options parsed;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--help" || argument == "-h") {
      parsed.help = true;
    } else if (argument == "--svg") {
      if (++i == argc || *argv[i] == '\0') throw usage_error("--svg needs the name of a file");
      parsed.svg = argv[i];
    } else if (argument.empty()) {
      throw usage_error("the name of the sound is empty");
    } else if (argument.starts_with('-') && argument != "-") {
      throw usage_error("unknown option '" + argument + "'");
    } else if (!parsed.sound.empty()) {
      throw usage_error("'" + argument + "' is a second sound");
    } else {
      parsed.sound = argument;
    }
  }
  return parsed;
}

std::vector<float> read_sound(const std::string& file) {
  const std::string bytes = sound_example::read_bytes(file);
  constexpr auto rate = static_cast<std::uint32_t>(sample_rate);
  if (file != "-") return sound_example::read_wav(bytes, file, rate);
  return sound_example::is_wav(bytes) ? sound_example::read_wav(bytes, "standard input", rate)
                                      : sound_example::read_raw(bytes, "standard input", rate);
}

/// The numbers of a text file, one a line.
std::vector<double> read_numbers(const std::string& file) {
  std::ifstream in(file);
  std::vector<double> numbers;
  for (double number; in >> number;) numbers.push_back(number);
  if (!in.eof() || numbers.empty()) throw std::runtime_error(file + ": expected one number a line");
  return numbers;
}

void write_file(const std::string& file, std::string_view text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  out.close();
  if (!out) throw std::runtime_error(file + ": cannot be written");
}

/// The probability of each chunk, and how many seconds it took.
struct listened {
  std::vector<float> probabilities;
  std::vector<double> seconds;
};

/// Gives the network one chunk after the other, as a microphone would.
listened listen(std::span<const float> samples) {
  const std::size_t chunks = samples.size() / chunk;
  listened result{std::vector<float>(chunks), std::vector<double>(chunks)};
  inlay::stream<vad> ear;
  for (std::size_t i = 0; i < chunks; ++i) {
    const auto start = std::chrono::steady_clock::now();
    if (ear(samples.subspan(i * chunk, chunk), std::span(&result.probabilities[i], 1)) != inlay::status::ok)
      throw std::runtime_error("the compiled network refused to run");
    result.seconds[i] = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  return result;
}

/// The probabilities by the definition of each layer, computed in double.
std::vector<float> interpret(std::span<const float> samples) {
  const std::string file = VAD_FOLDER "/silero_vad_16k.safetensors";
  const inlay::weights_result weights = inlay::load_safetensors(file);
  if (!weights) throw std::runtime_error(weights.error);
  const inlay::interpreter_result made = inlay::interpreter::create(inlay::graph_of<vad>, weights.value);
  if (!made) throw std::runtime_error(file + ": " + made.errors.front());
  std::vector<float> probabilities(samples.size() / chunk);
  made.value->run(samples.data(), probabilities.data(), probabilities.size(), inlay::engine::reference);
  return probabilities;
}

double largest_difference(std::span<const float> a, std::span<const double> expected) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(static_cast<double>(a[i]) - expected[i]);
    if (!(difference <= largest)) largest = difference;  // true for NaN, too
  }
  return largest;
}

void print_times(std::vector<double> seconds) {
  const auto middle = seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2);
  std::nth_element(seconds.begin(), middle, seconds.end());
  const double worst = std::ranges::max(seconds);
  std::printf("time per chunk    %8.1f µs, the median    %8.1f µs, the worst\n", *middle * 1e6, worst * 1e6);
  std::printf("times real time   %8.0f                %8.0f\n", seconds_per_chunk / *middle, seconds_per_chunk / worst);
}

/// Compares with the expected probabilities; returns whether all are close enough.
bool compare(std::span<const float> samples, std::span<const float> compiled) {
  const std::string file = VAD_FOLDER "/data/probabilities.txt";
  const std::vector<double> expected = read_numbers(file);
  if (expected.size() != compiled.size())
    throw std::runtime_error(file + ": expected a number for each chunk, " + std::to_string(compiled.size()) +
                             ", found " + std::to_string(expected.size()));
  const double of_compiled = largest_difference(compiled, expected);
  const double of_interpreted = largest_difference(interpret(samples), expected);
  std::printf("\nlargest difference from ONNX Runtime\n");
  std::printf("  compiled        %8.2g   not more than %.0e\n", of_compiled, compiled_tolerance);
  std::printf("  interpreted     %8.2g   not more than %.0e\n", of_interpreted, interpreted_tolerance);
  const bool good = of_compiled <= compiled_tolerance && of_interpreted <= interpreted_tolerance;
  if (!good) std::puts("\nthe probabilities differ too much");
  return good;
}

int run(const options& chosen) {
  const bool own = chosen.sound.empty();
  const std::vector<float> samples = read_sound(own ? VAD_FOLDER "/data/speech.wav" : chosen.sound);
  if (samples.size() < chunk)
    throw std::runtime_error(std::string(own                   ? "data/speech.wav"
                                         : chosen.sound == "-" ? "standard input"
                                                               : chosen.sound.c_str()) +
                             ": length: expected " + std::to_string(chunk) + " samples (32 ms) or more, found " +
                             std::to_string(samples.size()) + "; choose a longer sound");
  const listened heard = listen(samples);
  const std::vector<segment> speech = find_speech(heard.probabilities);
  std::printf("%.2f s of sound in %zu chunks of %u samples\n\n", static_cast<double>(samples.size()) / sample_rate,
              heard.probabilities.size(), chunk);
  std::printf("%s\n%s\n", segments_as_text(speech).c_str(), timeline_as_text(heard.probabilities).c_str());
  print_times(heard.seconds);
  if (!chosen.svg.empty()) {
    // The part of a chunk at the end is not judged, and so not drawn.
    const auto judged = std::span(samples).first(heard.probabilities.size() * chunk);
    write_file(chosen.svg, timeline_as_svg(judged, heard.probabilities, speech));
    std::printf("\nwrote %s\n", chosen.svg.c_str());
  }
  return !own || compare(samples, heard.probabilities) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try {
  const options chosen = parse(argc, argv);
  if (!chosen.help) return run(chosen);
  std::fputs(usage, stdout);
  return 0;
} catch (const usage_error& e) {
  std::fprintf(stderr, "vad: %s; see --help\n", e.what());
  return 2;
} catch (const std::exception& e) {
  std::fprintf(stderr, "vad: %s\n", e.what());
  return 1;
}
