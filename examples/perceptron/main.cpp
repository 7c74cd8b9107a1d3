// SPDX-License-Identifier: Apache-2.0
// Shows how the perceptron learns points that a line separates, and that it never settles on XOR. Checks the bound on
// the number of updates, and both neurons as machine code.
#include <array>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "analysis.hpp"
#include "claims.hpp"
#include "model.hpp"
#include "picture.hpp"
#include "program.hpp"
#include "svg.hpp"

namespace {

using namespace perceptron_example;

/// Whether the weights are between their two limits after every update.
bool keeps_limits(std::span<const update> updates, const separation& apart) {
  constexpr double rounding = 1e-12;  // the first update may meet both limits
  for (std::size_t i = 0; i < updates.size(); ++i) {
    const triple w = as_triple(updates[i].weights);
    const double k = static_cast<double>(i + 1);
    if (length(w) > apart.radius * std::sqrt(k) + rounding) return false;
    if (product(w, apart.direction) < apart.margin * k - rounding) return false;
  }
  return true;
}

picture::outcome run() {
  using picture::format;
  const std::vector<update> updates = updates_of(separable, most_rounds);
  const separation apart = find_separation(separable);
  std::printf("%zu points that a line separates\n", separable.size());
  for (std::size_t i = 0; i < updates.size(); ++i) {
    const update& u = updates[i];
    std::printf("  update %2zu, round %d: (%7.4f, %7.4f) %-10s  weights %8.5f %8.5f, bias %2g\n", i + 1, u.round,
                u.mistake.x, u.mistake.y, u.mistake.fires ? "added" : "subtracted", u.weights.x, u.weights.y,
                u.weights.bias);
  }
  std::puts("");
  bool good = claim(format("round %d has no mistakes", learned.rounds), learned.settled);
  good &= claim(format("%d updates <= (R/gamma)^2 = (%.4f / %.4f)^2 = %.1f", learned.updates, apart.radius,
                       apart.margin, apart.bound()),
                learned.updates <= apart.bound());
  good &= claim("gamma k <= length of the weights <= R sqrt(k) after every update k", keeps_limits(updates, apart));
  const int right = count_right_compiled<neuron>(separable);
  good &= claim(format("as machine code the neuron is right for %d of %zu points", right, separable.size()),
                right == static_cast<int>(separable.size()));

  const std::vector<update> xor_updates = updates_of(xor_points, most_rounds);
  const cycle repeats = find_cycle(xor_points, most_rounds);
  std::puts("\nXOR, which no line separates");
  for (const update& u : xor_updates)
    if (u.round > repeats.first && u.round <= repeats.first + repeats.period)
      std::printf("  round %d: (%g, %g) %-10s  weights %2g %2g, bias %2g\n", u.round, u.mistake.x, u.mistake.y,
                  u.mistake.fires ? "added" : "subtracted", u.weights.x, u.weights.y, u.weights.bias);
  std::puts("");
  good &= claim(format("round %d ends with the weights of round %d: it never settles", repeats.first + repeats.period,
                       repeats.first),
                repeats.period > 0);
  good &=
      claim(format("%d rounds later there are still mistakes (%d updates)", learned_xor.rounds, learned_xor.updates),
            !learned_xor.settled);
  // Weights that are right have a positive product with each point, after a sign for its class. Here these add up to 0.
  triple total{};
  for (const point& p : xor_points)
    for (std::size_t i = 0; i < 3; ++i) total[i] += (p.fires ? 1 : -1) * std::array{p.x, p.y, 1.0}[i];
  good &= claim("the points, with their classes' signs, add up to 0: no weights can be right", length(total) == 0);
  const int right_of_xor = count_right_compiled<xor_neuron>(xor_points);
  good &= claim(format("as machine code the last neuron is right for %d of 4 points", right_of_xor),
                right_of_xor == count_right(learned_xor.weights, xor_points) && right_of_xor < 4);
  return {good, draw({separable, updates, learned}, apart, {xor_points, xor_updates, learned_xor}, repeats)};
}

}  // namespace

int main(int argc, char** argv) {
  return picture::run_example(argc, argv, "perceptron",
                              "Learns points that a line separates, and XOR, with the perceptron's rule. Checks the\n"
                              "bound on the number of updates, that XOR never settles, and both neurons as machine "
                              "code.",
                              run);
}
