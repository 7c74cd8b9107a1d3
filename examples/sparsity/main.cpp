// SPDX-License-Identifier: Apache-2.0
// Counts the zeros that relu makes in LeNet, and measures what it saves to skip them.
#include <algorithm>
#include <cstdio>
#include <inlay/interpreter.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "../lenet/images.hpp"
#include "../lenet/model.hpp"
#include "picture.hpp"
#include "program.hpp"
#include "skipping.hpp"
#include "zeros.hpp"

namespace {

using namespace sparsity_example;

/// The largest difference of a kernel's results from the layer's definition, by the size of the terms. A sum of 1024
/// products in f32 has a random error of about 1e-6 of them, if it is summed in one chain.
constexpr double tolerance = 2e-6;
/// The image in the picture is the first one of this digit.
constexpr int shown_digit = 5;

inlay::weights load(const std::string& path) {
  inlay::weights_result weights = inlay::load_safetensors(path);
  if (!weights) throw std::runtime_error(weights.error);
  return std::move(weights.value);
}

void print(std::span<const sparse_value> values) {
  std::printf("zeros in LeNet, %zu held-out images\n", values.front().samples());
  std::printf("  %-24s %8s %8s %14s %13s\n", "value", "numbers", "zeros", "always zero", "never zero");
  for (const sparse_value& each : values)
    std::printf("  %-24s %8zu %6.1f %% %14zu %13zu\n", each.name.c_str(), each.size(), 100 * each.share(),
                each.always_zero(), each.never_zero());
}

bool print(std::span<const contest> contests, const std::string& cpu) {
  std::printf("\na dense layer with one sample, on one core of an %s\n", cpu.c_str());
  std::printf("  %-11s %10s %-9s %-23s %7s %13s %10s %7s\n", "layer", "weights", "", "reads", "zeros", "multiplied",
              "skipped", "ratio");
  double difference = 0;
  for (const contest& each : contests) {
    // The arrow has three bytes and is one column wide.
    std::printf("  %-13s %6.1f KiB %-9s %-23s %5.1f %% %10.1f ns %7.1f ns %6.2fx\n", each.layer.c_str(), each.kilobytes,
                each.drawn ? "drawn" : "LeNet's", each.reads.c_str(), 100 * each.zeros, each.multiply_ns, each.skip_ns,
                each.ratio);
    if (!(each.difference <= difference)) difference = each.difference;  // true for NaN, too
  }
  const bool good = difference <= tolerance;
  std::printf("\nlargest difference of a result from the layer's definition: %.1g of its terms%s\n", difference,
              good ? "" : ", which is too large");
  return good;
}

picture::outcome run() {
  const std::string lenet_folder = SPARSITY_LENET;
  const auto images = lenet_example::read_held_out_images(lenet_folder + "/data/digits.csv");
  inlay::weights weights = load(lenet_folder + "/lenet.safetensors");
  const inlay::interpreter_result lenet = inlay::interpreter::create(inlay::graph_of<lenet_example::lenet>, weights);
  if (!lenet) throw std::runtime_error(lenet.errors.front());
  const std::vector<sparse_value> values = find_zeros(*lenet.value, images.pixels);
  print(values);

  inlay::weights drawn = load(SPARSITY_WEIGHTS);
  std::ranges::move(drawn.tensors, std::back_inserter(weights.tensors));
  const std::vector<contest> contests = measure_skipping(values, weights);
  const std::string cpu = picture::cpu_name();
  const bool good = print(contests, cpu);
  const auto shown = std::ranges::find(images.labels, shown_digit);
  if (shown == images.labels.end()) throw std::runtime_error("no image shows the digit of the picture");
  return {good, draw(values, static_cast<std::size_t>(shown - images.labels.begin()), *shown, contests, cpu)};
}

}  // namespace

int main(int argc, char** argv) {
  return picture::run_example(argc, argv, "sparsity",
                              "Counts the zeros that relu makes in LeNet on the held-out digits, and measures what it\n"
                              "saves to skip them in dense layers of several sizes.",
                              run);
}
