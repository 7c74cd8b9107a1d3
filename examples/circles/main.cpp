// SPDX-License-Identifier: Apache-2.0
// Shows that no line separates two rings, that a feature map makes them separable by the same perceptron, and the
// neuron behind that map as machine code.
#include <cstdio>
#include <stdexcept>
#include <vector>

#include "../perceptron/analysis.hpp"
#include "../perceptron/claims.hpp"
#include "model.hpp"
#include "picture.hpp"
#include "program.hpp"
#include "svg.hpp"

namespace {

using namespace circles_example;
using picture::format;

picture::outcome run() {
  using namespace perceptron_example;
  std::printf("%zu points in two rings, as they are\n", rings.size());
  const std::vector<update> in_plane = updates_of(rings, circles_example::most_rounds);
  const cycle repeats = find_cycle(rings, circles_example::most_rounds);
  const std::optional<trapped> proof = find_trapped(rings);
  if (!proof) throw std::runtime_error("no triangle of one class has a point of the other class inside");
  const auto& [a, b, c] = proof->corners;
  bool good = claim(format("(%g, %g) is inside of a triangle of the other class: no line separates them",
                           proof->inside.x, proof->inside.y),
                    a.fires == b.fires && b.fires == c.fires && proof->inside.fires != a.fires);
  good &= claim(format("round %d ends with the weights of round %d: the rule never settles",
                       repeats.first + repeats.period, repeats.first),
                repeats.period > 0);
  const int right_in_plane = count_right(in_plane.back().weights, rings);
  good &=
      claim(format("%d rounds later there are still mistakes: %d of %zu points are right", circles_example::most_rounds,
                   right_in_plane, rings.size()),
            in_plane.back().round == circles_example::most_rounds && right_in_plane < static_cast<int>(rings.size()));

  const std::vector<update> in_features = updates_of(lifted_rings, circles_example::most_rounds);
  const separation apart = find_separation(lifted_rings);
  const training& result = circles_example::learned;
  std::puts("\nthe same points as (x^2, y^2)");
  good &= claim(format("round %d has no mistakes", result.rounds), result.settled);
  good &= claim(format("%d updates <= (R/gamma)^2 = (%.4f / %.4f)^2 = %.1f", result.updates, apart.radius, apart.margin,
                       apart.bound()),
                result.updates <= apart.bound());
  const int right = count_right_compiled<outer_ring>(rings);
  good &= claim(format("as machine code the network is right for %d of %zu points", right, rings.size()),
                right == static_cast<int>(rings.size()));
  std::printf("\nthe network fires where %.5f x^2 + %.5f y^2 > %g\n", result.weights.x, result.weights.y,
              -result.weights.bias);
  return {good, draw(*proof, in_plane, repeats, in_features)};
}

}  // namespace

int main(int argc, char** argv) {
  return picture::run_example(
      argc, argv, "circles",
      "Shows that no line separates two rings, and that the perceptron separates them after the\n"
      "feature map (x, y) -> (x^2, y^2). Checks the network of both as machine code.",
      run);
}
