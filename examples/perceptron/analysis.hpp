// SPDX-License-Identifier: Apache-2.0
// What can be known about the learning rule on given points: the margin, the bound on the updates, and cycles.
#pragma once

#include <array>
#include <cmath>
#include <span>
#include <vector>

#include "perceptron.hpp"

namespace perceptron_example {

/// A point with a 1 for the bias, or the weights of a neuron. The weights' sum for a point is the scalar product.
using triple = std::array<double, 3>;
inline double product(const triple& a, const triple& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
inline double length(const triple& a) { return std::sqrt(product(a, a)); }
inline triple as_triple(const neuron_weights& w) { return {w.x, w.y, w.bias}; }

/// How far apart the two classes are. All points are taken as triples (x, y, 1), with the opposite sign for points
/// for which the neuron shall not fire. A neuron is right about all points if its weights' product with each triple is
/// positive.
struct separation {
  double radius = 0;   ///< R, the length of the longest triple
  triple direction{};  ///< of length 1: the weights that are right by the most
  double margin = 0;   ///< gamma, the least product of `direction` with a triple; 0 if none was found to be right
  double limit = 0;    ///< no direction has a larger margin than this

  /// No more updates than this, whatever the order of the points (Novikoff 1962). Infinite without a margin.
  double bound() const { return radius * radius / (margin * margin); }
};

/// Finds the largest margin with Gilbert's algorithm (1966): the nearest point to 0 of the triples' convex hull points
/// into the best direction, and its length is the margin. It ends with `margin` and `limit` nearly equal: within 1 in
/// 1000 for the points of the examples. A `limit` of nearly 0 means that the hull contains 0, and so that no line
/// separates the classes.
separation find_separation(std::span<const point> points);

/// The rounds after `first` repeat every `period` rounds, for ever.
struct cycle {
  int first = 0, period = 0;  ///< a period of 0: none was found
};

/// Two rounds that end with the same weights prove a cycle, because what follows depends on the weights alone.
cycle find_cycle(std::span<const point> points, int most_rounds);

/// The updates of learn().
std::vector<update> updates_of(std::span<const point> points, int most_rounds);

/// The points that the neuron gets right.
int count_right(const neuron_weights& neuron, std::span<const point> points);

}  // namespace perceptron_example
