// SPDX-License-Identifier: Apache-2.0
// Training by hand: Eigen's matrix products, gradients by the chain rule, and Adam in one expression per average.
#include "eigen_training.hpp"

#include <Eigen/Dense>
#include <cmath>

namespace inlay::bench {
namespace {

using matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using row = Eigen::RowVectorXf;

/// A parameter with its gradient and its averages.
template <class T>
struct learned {
  T value, gradient, mean, square;
  explicit learned(const T& start) : value(start) { gradient = mean = square = T::Zero(start.rows(), start.cols()); }
  void update(float rate, float correction) {
    mean.array() = 0.9f * mean.array() + 0.1f * gradient.array();
    square.array() = 0.999f * square.array() + 0.001f * gradient.array().square();
    value.array() -= rate * mean.array() / (correction * square.array().sqrt() + 1e-8f);
  }
};

struct layer {
  learned<matrix> weight;
  learned<row> bias;
  matrix result, gradient;  // after relu, if there is one
};

}  // namespace

struct eigen_training::state {
  std::vector<layer> layers;
  double rate;
  int steps = 0;
};

eigen_training::eigen_training(std::span<const int> sizes, std::span<const std::vector<float>> parameters, double rate)
    : state_(std::make_unique<state>()) {
  state_->rate = rate;
  for (std::size_t i = 0; i + 1 < sizes.size(); ++i) {
    const matrix weight = Eigen::Map<const matrix>(parameters[2 * i].data(), sizes[i + 1], sizes[i]);
    const row bias = Eigen::Map<const row>(parameters[2 * i + 1].data(), sizes[i + 1]);
    state_->layers.push_back({learned<matrix>(weight), learned<row>(bias), {}, {}});
  }
}
eigen_training::~eigen_training() = default;

float eigen_training::step(std::span<const float> x, std::span<const std::int32_t> labels) {
  std::vector<layer>& layers = state_->layers;
  const auto batch = static_cast<Eigen::Index>(labels.size());
  const Eigen::Map<const matrix> input(x.data(), batch, layers.front().weight.value.cols());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    layer& l = layers[i];
    if (i == 0)
      l.result.noalias() = input * l.weight.value.transpose();
    else
      l.result.noalias() = layers[i - 1].result * l.weight.value.transpose();
    l.result.rowwise() += l.bias.value;
    if (i + 1 < layers.size()) l.result = l.result.cwiseMax(0.0f);
  }
  layer& last = layers.back();
  float loss = 0;
  last.gradient.resize(batch, last.result.cols());
  for (Eigen::Index r = 0; r < batch; ++r) {
    const auto label = static_cast<Eigen::Index>(labels[static_cast<std::size_t>(r)]);
    last.gradient.row(r) = (last.result.row(r).array() - last.result.row(r).maxCoeff()).exp();
    last.gradient.row(r) /= last.gradient.row(r).sum();
    loss -= std::log(last.gradient(r, label));
    last.gradient(r, label) -= 1;
  }
  last.gradient /= static_cast<float>(batch);
  for (std::size_t i = layers.size(); i-- > 0;) {
    layer& l = layers[i];
    l.bias.gradient = l.gradient.colwise().sum();
    if (i == 0) {
      l.weight.gradient.noalias() = l.gradient.transpose() * input;
      break;
    }
    layer& before = layers[i - 1];
    l.weight.gradient.noalias() = l.gradient.transpose() * before.result;
    before.gradient.noalias() = l.gradient * l.weight.value;
    before.gradient = (before.result.array() > 0).select(before.gradient, 0.0f);
  }
  const int t = ++state_->steps;
  const auto rate = static_cast<float>(state_->rate / (1 - std::pow(0.9, t)));
  const auto correction = static_cast<float>(1 / std::sqrt(1 - std::pow(0.999, t)));
  for (layer& l : layers) l.weight.update(rate, correction), l.bias.update(rate, correction);
  return loss / static_cast<float>(batch);
}

}  // namespace inlay::bench
