// SPDX-License-Identifier: Apache-2.0
// What can be known about the learning rule on given points.
#include "analysis.hpp"

#include <algorithm>

namespace perceptron_example {

separation find_separation(std::span<const point> points) {
  // The difference of margin and limit shrinks as 1 / steps. These take a few milliseconds.
  constexpr int most_steps = 200000;
  constexpr double accuracy = 1e-6, nothing = 1e-9;  // of the limit; of a length
  separation found;
  std::vector<triple> triples;
  for (const point& p : points) {
    const double sign = p.fires ? 1 : -1;
    triples.push_back({sign * p.x, sign * p.y, sign});
    found.radius = std::max(found.radius, length(triples.back()));
  }
  triple nearest = triples.at(0);
  found.limit = length(nearest);
  for (int step = 0; step < most_steps; ++step) {
    const double size = length(nearest);
    found.limit = std::min(found.limit, size);
    if (size < nothing) break;
    const triple& worst =
        *std::ranges::min_element(triples, {}, [&](const triple& each) { return product(each, nearest); });
    if (const double margin = product(worst, nearest) / size; margin > found.margin) {
      found.margin = margin;
      for (std::size_t i = 0; i < 3; ++i) found.direction[i] = nearest[i] / size;
    }
    if (found.limit - found.margin <= accuracy * found.limit) break;
    // The nearest point to 0 on the way from `nearest` to `worst`.
    triple way{};
    for (std::size_t i = 0; i < 3; ++i) way[i] = worst[i] - nearest[i];
    const double share = std::clamp(-product(nearest, way) / product(way, way), 0.0, 1.0);
    for (std::size_t i = 0; i < 3; ++i) nearest[i] += share * way[i];
  }
  return found;
}

cycle find_cycle(std::span<const point> points, int most_rounds) {
  std::vector<neuron_weights> ends{neuron_weights{}};  // of each round; before the first one all weights are 0
  for (int rounds = 1; rounds <= most_rounds; ++rounds) {
    const training done = learn(points, rounds);
    if (done.settled) break;
    if (const auto same = std::ranges::find(ends, done.weights); same != ends.end()) {
      const int first = static_cast<int>(same - ends.begin());
      return {first, rounds - first};
    }
    ends.push_back(done.weights);
  }
  return {};
}

std::vector<update> updates_of(std::span<const point> points, int most_rounds) {
  std::vector<update> updates;
  learn(points, most_rounds, [&](const update& each) { updates.push_back(each); });
  return updates;
}

int count_right(const neuron_weights& neuron, std::span<const point> points) {
  return static_cast<int>(std::ranges::count_if(points, [&](const point& p) { return neuron.fires(p) == p.fires; }));
}

}  // namespace perceptron_example
