// SPDX-License-Identifier: Apache-2.0
// Runs a network on one image, and prints time, memory and the strongest classes.
#include "classify.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <fstream>
#include <inlay/interpreter.hpp>
#include <iterator>
#include <numeric>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace torchvision_example {
namespace {

constexpr std::size_t channels = 3, side = 224, classes = 1000, shown = 5;
constexpr int calls = 11;

/// The arguments are wrong.
struct usage_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct options {
  std::string write;      ///< the file for the results; empty: none
  std::string interpret;  ///< the weights for the interpreter; empty: it does not run
  bool help = false;
};

options parse(int argc, char** argv) {
  options parsed;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--help" || argument == "-h") {
      parsed.help = true;
    } else if (argument == "--write" || argument == "--interpret") {
      if (++i == argc || *argv[i] == '\0') throw usage_error(std::string(argument) + " needs the name of a file");
      (argument == "--write" ? parsed.write : parsed.interpret) = argv[i];
    } else {
      throw usage_error("unknown argument '" + std::string(argument) + "'");
    }
  }
  return parsed;
}

/// A pattern of waves, one colour after the other. Its pixels have the size of those that torchvision normalises.
std::vector<float> make_image() {
  std::vector<float> pixels;
  for (std::size_t channel = 0; channel < channels; ++channel)
    for (std::size_t y = 0; y < side; ++y)
      for (std::size_t x = 0; x < side; ++x) {
        const auto c = static_cast<double>(channel + 1), v = static_cast<double>(y), u = static_cast<double>(x);
        pixels.push_back(
            static_cast<float>(std::sin(0.031 * c * u + 0.002 * v * v / c) + std::cos(0.17 * v - 0.05 * u)));
      }
  return pixels;
}

/// The number behind the last `key` in a manifest with one network. What it says of single layers comes first.
double number_in(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::string quoted = '"' + key + "\":";
  const std::size_t at = text.rfind(quoted);
  if (at == std::string::npos) throw std::runtime_error(path + ": has no " + quoted);
  return std::stod(text.substr(at + quoted.size(), 32));
}

/// Seconds for one call: the median of several.
template <class Run>
double time_of(Run run) {
  std::vector<double> seconds;
  for (int i = 0; i < calls; ++i) {
    const auto start = std::chrono::steady_clock::now();
    run();
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::nth_element(seconds.begin(), seconds.begin() + calls / 2, seconds.end());
  return seconds[calls / 2];
}

void print_strongest(const std::vector<float>& logits) {
  std::vector<std::size_t> order(logits.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::partial_sort(order.begin(), order.begin() + shown, order.end(),
                    [&](std::size_t a, std::size_t b) { return logits[a] > logits[b]; });
  std::puts("largest logits");
  for (std::size_t i = 0; i < shown; ++i)
    std::printf("  class %-18zu %.4f\n", order[i], static_cast<double>(logits[order[i]]));
}

/// The logits in double, by the definition of each layer.
std::vector<double> interpret(const compiled_network& network, const std::string& file,
                              const std::vector<float>& image) {
  const inlay::weights_result weights = inlay::load_safetensors(file);
  if (!weights) throw std::runtime_error(weights.error);
  const inlay::interpreter_result made = inlay::interpreter::create(network.graph, weights.value);
  if (!made) throw std::runtime_error(file + ": " + made.errors.front());
  std::vector<double> logits;
  made.value->observe([&](std::uint32_t node, std::span<const double> elements) {
    if (node == network.graph.outputs[0].node) logits.assign(elements.begin(), elements.end());
  });
  std::vector<float> rounded(classes);
  made.value->run(image.data(), rounded.data(), 1, inlay::engine::reference);
  return logits;
}

template <class Number>
void append(std::ofstream& file, const std::vector<Number>& numbers) {
  file.write(reinterpret_cast<const char*>(numbers.data()),
             static_cast<std::streamsize>(numbers.size() * sizeof(Number)));
}

int run(const compiled_network& network, const options& chosen) {
  const std::vector<float> image = make_image();
  std::vector<float> logits(classes);
  if (network.run(image, logits) != inlay::status::ok) throw std::runtime_error("the compiled network refused to run");
  if (!std::ranges::all_of(logits, [](float each) { return std::isfinite(each); }))
    throw std::runtime_error("a logit is infinite or NaN");
  const double flops = number_in(network.manifest, "flops_per_sample");
  const double seconds = time_of([&] { (void)network.run(image, logits); });
  std::printf("network                   %s, %zux%zux%zu\n", network.name.c_str(), channels, side, side);
  std::printf("weights                   %.1f MB\n", number_in(network.manifest, "weight_bytes") * 1e-6);
  std::printf("scratch memory            %.0f bytes\n", number_in(network.manifest, "scratch_bytes"));
  std::printf("time per image            %.2f ms, %.1f GFLOP/s (%.3f GFLOP)\n", seconds * 1e3, flops / seconds * 1e-9,
              flops * 1e-9);
  print_strongest(logits);
  std::vector<double> exact;
  if (!chosen.interpret.empty()) exact = interpret(network, chosen.interpret, image);
  if (chosen.write.empty()) return 0;
  std::ofstream file(chosen.write, std::ios::binary);
  append(file, image), append(file, logits), append(file, exact);
  file.close();
  if (!file) throw std::runtime_error(chosen.write + ": cannot be written");
  return 0;
}

}  // namespace

int classify(int argc, char** argv, const compiled_network& network) try {
  const options chosen = parse(argc, argv);
  if (!chosen.help) return run(network, chosen);
  std::printf(
      "usage: %s [--interpret WEIGHTS] [--write FILE]\n\n"
      "Runs the compiled network on an image of waves and prints its time, its memory and the largest logits.\n\n"
      "  --interpret WEIGHTS  also runs the network in the interpreter, in double, with the weights of this file\n"
      "  --write FILE         writes the image and the logits, %zu and %zu numbers of type float, and then the\n"
      "                       interpreter's logits, if there are any, of type double\n"
      "  --help               prints this text\n\n"
      "Exit code: 0 if all is well; 1 if a logit is not finite or a file cannot be used; 2 if the arguments are "
      "wrong.\n",
      network.name.c_str(), channels * side * side, classes);
  return 0;
} catch (const usage_error& e) {
  std::fprintf(stderr, "%s: %s; see --help\n", network.name.c_str(), e.what());
  return 2;
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s: %s\n", network.name.c_str(), e.what());
  return 1;
}

}  // namespace torchvision_example
