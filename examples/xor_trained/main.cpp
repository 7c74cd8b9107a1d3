// SPDX-License-Identifier: Apache-2.0
// Trains three networks on XOR from random weights, in compiled code. Two learn it; the one without activations does
// not.
#include <array>
#include <chrono>
#include <cstdio>
#include <inlay/trainer.hpp>

#include "model.hpp"

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
};

/// Trains from each seed. Shows the loss of the first on its way.
template <const auto& Net>
outcome train() {
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
    if (training.predict(corners, said) != inlay::status::ok) return {0, 0};
    int right = 0;
    for (std::size_t i = 0; i < 4; ++i) right += (said[i] > 0.5f) == (answers[i] > 0.5f) ? 1 : 0;
    all.least = right < all.least ? right : all.least;
    all.most = right > all.most ? right : all.most;
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

int main() {
  const outcome with_tanh = train<xor_tanh>(), with_relu = train<xor_relu>(), linear = train<xor_linear>();
  // A neuron of relu that is 0 everywhere may spoil a beginning, but not all of them.
  const bool expected = with_tanh.least == 4 && with_relu.most == 4 && linear.most < 4;
  std::puts(expected ? "the activations make the difference" : "this is not what the textbook says");
  return expected ? 0 : 1;
}
