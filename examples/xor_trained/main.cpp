// SPDX-License-Identifier: Apache-2.0
// Trains three networks on XOR from random weights, in compiled code. Two learn it; the one without activations does
// not.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <inlay/trainer.hpp>
#include <string>
#include <vector>

#include "model.hpp"
#include "picture.hpp"

namespace {

using namespace xor_example;

constexpr std::array<float, 8> corners = {0, 0, 0, 1, 1, 0, 1, 1};
constexpr std::array<float, 4> answers = {0, 1, 1, 0};
constexpr int steps = 1000;
/// Networks that begin with other random weights.
constexpr std::uint64_t seeds = 10;

/// How many corners a network gets right at worst and at best, over all seeds.
struct outcome {
  int least = 4, most = 0;
  view first;  // what the first of them looks like
};

/// What a trained network makes of the plane. `activation` is that of its hidden layer.
template <class Trainer>
view look_at(Trainer& training, const char* name, double (*activation)(double)) {
  view seen;
  seen.name = name;
  std::vector<float> places;
  for (int row = 0; row < grid; ++row)
    for (int column = 0; column < grid; ++column)
      places.insert(places.end(), {middle_of(column), middle_of(grid - 1 - row)});
  seen.answers.resize(places.size() / 2);
  if (training.predict(places, seen.answers) != inlay::status::ok) return {};
  const auto weight = training.parameter("hidden.weight"), bias = training.parameter("hidden.bias");
  std::array<std::vector<double>, 4> hidden;
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t n = 0; n < bias.size(); ++n)
      hidden[i].push_back(activation(
          static_cast<double>(weight[2 * n] * corners[2 * i] + weight[2 * n + 1] * corners[2 * i + 1] + bias[n])));
  const auto output = training.parameter("output.weight");
  project(seen, hidden, {output.begin(), output.end()}, static_cast<double>(training.parameter("output.bias")[0]));
  return seen;
}

/// Trains from each seed. Shows the loss of the first on its way.
template <const auto& Net>
outcome train(double (*activation)(double)) {
  std::printf("%s\n", Net.name);
  outcome all;
  double seconds = 0;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    inlay::trainer<Net, inlay::loss::bce> training({.how = inlay::method::adam, .rate = 0.05}, seed,
                                                   inlay::initial::xavier_uniform);
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < steps; ++i) {
      const float loss = training.step(corners, answers);
      if (seed == 0 && (i % 200 == 0 || i + 1 == steps))
        std::printf("  step %4d  loss %.4f\n", i, static_cast<double>(loss));
    }
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

    std::array<float, 4> said{};
    if (training.predict(corners, said) != inlay::status::ok) return {0, 0, {}};
    int right = 0;
    for (std::size_t i = 0; i < 4; ++i) right += (said[i] > 0.5f) == (answers[i] > 0.5f) ? 1 : 0;
    all.least = right < all.least ? right : all.least;
    all.most = right > all.most ? right : all.most;
    if (seed == 0) all.first = look_at(training, Net.name, activation);
    if (seed == 0)
      for (std::size_t i = 0; i < 4; ++i)
        std::printf("  %.0f xor %.0f   says %.4f\n", static_cast<double>(corners[2 * i]),
                    static_cast<double>(corners[2 * i + 1]), static_cast<double>(said[i]));
  }
  std::printf("  %d %% to %d %% of the corners right, with %d different beginnings; %.2f ms each for %d steps\n\n",
              25 * all.least, 25 * all.most, static_cast<int>(seeds), seconds * 1e3 / static_cast<double>(seeds),
              steps);
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  const bool draws = argc == 3 && std::string(argv[1]) == "--svg";
  if (argc > 1 && !draws) {
    std::fprintf(stderr, "usage: xor_trained [--svg FILE]   (FILE gets a picture of the networks)\n");
    return 2;
  }
  const outcome with_tanh = train<xor_tanh>([](double x) { return std::tanh(x); });
  const outcome with_relu = train<xor_relu>([](double x) { return std::max(x, 0.0); });
  const outcome linear = train<xor_linear>([](double x) { return x; });
  if (draws) {
    std::ofstream file(argv[2]);
    file << picture_of({with_tanh.first, with_relu.first, linear.first});
    if (!file.flush()) {
      std::fprintf(stderr, "xor_trained: cannot write '%s'\n", argv[2]);
      return 1;
    }
  }
  // A neuron of relu that is 0 everywhere may spoil a beginning, but not all of them.
  const bool expected = with_tanh.least == 4 && with_relu.most == 4 && linear.most < 4;
  std::puts(expected ? "the activations make the difference" : "this is not what the textbook says");
  return expected ? 0 : 1;
}
