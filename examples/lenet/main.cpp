// SPDX-License-Identifier: Apache-2.0
// Classifies the held-out digits with the compiled and the interpreted network, and compares answers and times. Shows
// what the filters of the first convolution respond to.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <exception>
#include <fstream>
#include <inlay/compiled.hpp>
#include <inlay/interpreter.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "../handwriting/compare_times.hpp"
#include "filters.hpp"
#include "images.hpp"
#include "model.hpp"

namespace {

using namespace lenet_example;
using handwriting::compare_times;

constexpr std::size_t digit_count = 10;
/// The largest difference allowed between compiled and interpreted results, and the least share of right answers.
constexpr float tolerance = 1e-5f;
constexpr double least_accuracy = 0.98;

/// The patches that are shown for each filter.
constexpr std::size_t patch_count = 5;

constexpr const char* usage =
    "usage: lenet [--svg FILE] [FOLDER]\n\n"
    "Classifies the held-out digits with the compiled and the interpreted network, prints accuracy and times, and "
    "shows\n"
    "what the filters of the first convolution respond to.\n\n"
    "  --svg FILE  also draws the filters and their strongest patches into FILE\n"
    "  --help      prints this text\n"
    "  FOLDER      has data/digits.csv and lenet.safetensors (default: the folder of the source)\n\n"
    "Exit code: 0 if all is well; 1 if accuracy is below 98 %, the two networks disagree or a file cannot be used; 2 "
    "if\n"
    "the arguments are wrong.\n";

struct options {
  std::string folder = LENET_FOLDER;
  std::string svg;  ///< empty: no drawing
  bool help = false;
};

/// The arguments are wrong.
struct usage_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

options parse(int argc, char** argv) {
  options parsed;
  bool has_folder = false;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--help" || argument == "-h") {
      parsed.help = true;
    } else if (argument == "--svg") {
      if (++i == argc || *argv[i] == '\0') throw usage_error("--svg needs the name of a file");
      parsed.svg = argv[i];
    } else if (argument.starts_with('-')) {
      throw usage_error("unknown option '" + argument + "'");
    } else if (has_folder) {
      throw usage_error("'" + argument + "' is a second folder");
    } else {
      parsed.folder = argument;
      has_folder = true;
    }
  }
  return parsed;
}

inlay::weights load(const std::string& path) {
  inlay::weights_result weights = inlay::load_safetensors(path);
  if (!weights) throw std::runtime_error(weights.error);
  return std::move(weights.value);
}

std::unique_ptr<inlay::interpreter> make_interpreter(const inlay::weights& weights, const std::string& path) {
  inlay::interpreter_result result = inlay::interpreter::create(inlay::graph_of<lenet>, weights);
  if (!result) throw std::runtime_error(path + ": " + result.errors.front());
  return std::move(result.value);
}

void write_file(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw std::runtime_error(path + ": cannot be written");
}

/// The most probable digit of each image.
std::vector<int> answers(const std::vector<float>& probabilities) {
  std::vector<int> digits;
  for (auto at = probabilities.begin(); at != probabilities.end(); at += digit_count)
    digits.push_back(static_cast<int>(std::max_element(at, at + digit_count) - at));
  return digits;
}

std::size_t count_equal(const std::vector<int>& a, const std::vector<int>& b) {
  std::size_t n = 0;
  for (std::size_t i = 0; i < a.size(); ++i) n += a[i] == b[i];
  return n;
}

float largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  float largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const float difference = std::abs(a[i] - b[i]);
    if (!(difference <= largest)) largest = difference;  // true for NaN, too
  }
  return largest;
}

/// Prints four images that the network recognises and, if there is one, the first image that it does not.
void show(const image_set& images, const std::vector<float>& probabilities, const std::vector<int>& said) {
  std::vector<std::size_t> right, wrong;
  for (std::size_t i = 0; i < images.size(); ++i) (said[i] == images.labels[i] ? right : wrong).push_back(i);
  std::vector<std::size_t> chosen(right.begin(), right.begin() + std::min<std::ptrdiff_t>(4, std::ssize(right)));
  if (!wrong.empty()) chosen.push_back(wrong.front());
  std::printf("%s", as_text(images, chosen).c_str());
  for (std::size_t i : chosen) {
    const float certainty = probabilities[i * digit_count + static_cast<std::size_t>(said[i])];
    std::printf("  is %d, says %d %3.0f %%", images.labels[i], said[i], static_cast<double>(100 * certainty));
  }
  std::puts("\n");
}

/// Prints the filters of the first convolution. The interpreter was made of the same weights, so they are there.
void show_filters(const inlay::weights& weights, const image_set& images, const std::string& svg) {
  const std::vector<filter> filters =
      find_strongest(weights.find("conv1.weight")->values, weights.find("conv1.bias")->values, images, patch_count);
  std::puts("filters of conv1: weights, the patch that excites them most, and their response to it");
  std::printf("%s\n", filters_as_text(filters, images).c_str());
  if (svg.empty()) return;
  write_file(svg, filters_as_svg(filters, images));
  std::printf("wrote %s\n\n", svg.c_str());
}

int run(const options& chosen) {
  const std::string weights_path = chosen.folder + "/lenet.safetensors";
  const image_set images = read_held_out_images(chosen.folder + "/data/digits.csv");
  const inlay::weights weights = load(weights_path);
  const std::unique_ptr<inlay::interpreter> oracle = make_interpreter(weights, weights_path);
  inlay::compiled<lenet> net;

  std::vector<float> compiled(images.size() * digit_count), interpreted(compiled.size());
  if (net(images.pixels, compiled) != inlay::status::ok)
    throw std::runtime_error("the compiled network refused to run");
  oracle->run(images.pixels.data(), interpreted.data(), images.size(), inlay::engine::reference);

  const std::vector<int> compiled_says = answers(compiled), interpreted_says = answers(interpreted);
  show(images, compiled, compiled_says);
  show_filters(weights, images, chosen.svg);

  const auto all = images.size();
  const auto accuracy = [&](const std::vector<int>& said) {
    return static_cast<double>(count_equal(said, images.labels)) / static_cast<double>(all);
  };
  const std::size_t same = count_equal(compiled_says, interpreted_says);
  const float difference = largest_difference(compiled, interpreted);
  std::printf("held-out images          %zu\n", all);
  std::printf("accuracy, compiled       %.2f %%\n", 100 * accuracy(compiled_says));
  std::printf("accuracy, interpreted    %.2f %%\n", 100 * accuracy(interpreted_says));
  std::printf("labels that agree        %zu of %zu\n", same, all);
  std::printf("largest difference       %.2g\n\n", static_cast<double>(difference));

  std::printf("time per image           %11s %15s\n", "compiled", "interpreted");
  std::vector<float> scores(compiled.size());
  compare_times(
      "one image at a time", all,
      [&] {
        for (std::size_t i = 0; i < all; ++i) net.run(&images.pixels[i * image_pixels], &scores[i * digit_count], 1);
      },
      [&] {
        for (std::size_t i = 0; i < all; ++i)
          oracle->run(&images.pixels[i * image_pixels], &scores[i * digit_count], 1, inlay::engine::baseline);
      });
  compare_times(
      "all images in one call", all, [&] { net.run(images.pixels.data(), scores.data(), all); },
      [&] { oracle->run(images.pixels.data(), scores.data(), all, inlay::engine::baseline); });

  const bool good = accuracy(compiled_says) >= least_accuracy && accuracy(interpreted_says) >= least_accuracy &&
                    same == all && difference <= tolerance;
  if (!good) std::puts("\ncompiled and interpreted must agree on every label and within 1e-5, and be right for 98 %");
  return good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try {
  const options chosen = parse(argc, argv);
  if (!chosen.help) return run(chosen);
  std::fputs(usage, stdout);
  return 0;
} catch (const usage_error& e) {
  std::fprintf(stderr, "lenet: %s; see --help\n", e.what());
  return 2;
} catch (const std::exception& e) {
  std::fprintf(stderr, "lenet: %s\n", e.what());
  return 1;
}
