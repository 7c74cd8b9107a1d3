// SPDX-License-Identifier: Apache-2.0
// The same training step, written by hand with Eigen.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace inlay::bench {

/// A chain of dense layers with relu between them, cross entropy and Adam. One thread.
class eigen_training {
 public:
  /// `sizes` are those of the input and of each layer's result. `parameters` has weight [N][K] and bias of each layer.
  eigen_training(std::span<const int> sizes, std::span<const std::vector<float>> parameters, double rate);
  ~eigen_training();
  /// One step; returns the mean loss before it.
  float step(std::span<const float> x, std::span<const std::int32_t> labels);

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace inlay::bench
