// SPDX-License-Identifier: Apache-2.0
// The perceptron's learning rule, which also runs inside the C++ compiler. The example circles uses it, too.
#pragma once

#include <cstdint>
#include <span>

namespace perceptron_example {

/// A point of the plane, and whether the neuron shall fire for it.
struct point {
  double x = 0, y = 0;
  bool fires = false;
};

/// A threshold neuron with two inputs. It fires on one side of the line `x * px + y * py + bias = 0`.
struct neuron_weights {
  double x = 0, y = 0, bias = 0;

  constexpr double sum(const point& p) const { return x * p.x + y * p.y + bias; }
  /// As `step` of the DSL: not on the line itself.
  constexpr bool fires(const point& p) const { return sum(p) > 0; }
  friend constexpr bool operator==(const neuron_weights&, const neuron_weights&) = default;
};

/// What learn() has come to.
struct training {
  neuron_weights weights;
  int rounds = 0;        ///< through all points, with the last one, which may have no mistakes
  int updates = 0;       ///< as many as there were mistakes
  bool settled = false;  ///< a round had no mistakes
};

/// One update: in which round, for which point, and the weights after it.
struct update {
  int round;
  point mistake;
  neuron_weights weights;
};

/// Rosenblatt's rule. Begins with weights of 0 and shows the neuron one point after the other. If it does not fire but
/// should, adds the point to the weights. If it fires but should not, subtracts the point. Ends after a round without
/// mistakes or after `most_rounds`. Calls `each` with every update.
template <class Each>
constexpr training learn(std::span<const point> points, int most_rounds, Each each) {
  training done;
  neuron_weights& w = done.weights;
  while (!done.settled && done.rounds < most_rounds) {
    ++done.rounds;
    done.settled = true;
    for (const point& p : points) {
      if (w.fires(p) == p.fires) continue;
      const double sign = p.fires ? 1 : -1;
      w = {w.x + sign * p.x, w.y + sign * p.y, w.bias + sign};
      ++done.updates;
      done.settled = false;
      each(update{done.rounds, p, w});
    }
  }
  return done;
}

constexpr training learn(std::span<const point> points, int most_rounds) {
  return learn(points, most_rounds, [](const update&) {});
}

/// Coordinates are multiples of this, so that sums and products of few points have no rounding errors.
inline constexpr double grid = 1.0 / 32;

/// Draws the same numbers on every machine (a linear congruential generator with the constants of Knuth's MMIX).
class random_numbers {
 public:
  constexpr explicit random_numbers(std::uint64_t seed) : state_(seed) {}
  /// A multiple of `grid` from -1 to 1.
  constexpr double coordinate() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    constexpr int steps = static_cast<int>(2 / grid) + 1;
    return static_cast<int>((state_ >> 33) % steps) * grid - 1;
  }

 private:
  std::uint64_t state_;
};

}  // namespace perceptron_example
