// SPDX-License-Identifier: Apache-2.0
// A parameter that is trained by hand with Eigen.
#pragma once

#include <Eigen/Dense>

namespace inlay::bench {

using matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using row = Eigen::RowVectorXf;

/// A parameter with its gradient and its averages.
template <class T>
struct learned {
  T value, gradient, mean, square;
  void begin(const T& start) {
    value = start;
    gradient = mean = square = T::Zero(start.rows(), start.cols());
  }
  void update(float rate, float correction) {
    mean.array() = 0.9f * mean.array() + 0.1f * gradient.array();
    square.array() = 0.999f * square.array() + 0.001f * gradient.array().square();
    value.array() -= rate * mean.array() / (correction * square.array().sqrt() + 1e-8f);
  }
};

}  // namespace inlay::bench
