// SPDX-License-Identifier: Apache-2.0
// Training by hand: Eigen's matrix products, convolutions as products with the image's windows, gradients by the chain
// rule, and Adam in one expression per average.
#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "eigen_parameter.hpp"
#include "training_peer.hpp"

namespace inlay::bench {
namespace {

using view = Eigen::Map<matrix>;

struct layer {
  layer_plan plan;
  int channels, side;  // of the input
  int outputs, result_side;
  bool last = false;
  learned<matrix> weight;
  learned<row> bias;
  matrix result, gradient;   // a row for each sample; after relu, if there is one
  matrix windows;            // of a convolution: [samples * elements of a window, pixels]
  matrix spread;             // and the gradient of one sample's windows
  std::vector<int> largest;  // of a pool: where each result comes from

  int pixels() const { return result_side * result_side; }
  int window() const { return channels * plan.kernel * plan.kernel; }
  int size() const { return outputs * pixels(); }

  /// Runs `each(place in the image, place in the windows, count)` for the pixels of each line that exist.
  template <class Each>
  void for_each_line(Each each) const {
    const int k = plan.kernel, p = plan.padding;
    for (int c = 0; c < channels; ++c)
      for (int dy = 0; dy < k; ++dy)
        for (int dx = 0; dx < k; ++dx)
          for (int y = std::max(0, p - dy); y < std::min(result_side, side + p - dy); ++y) {
            const int first = std::max(0, p - dx), end = std::min(result_side, side + p - dx);
            each((c * side + y + dy - p) * side + first + dx - p,
                 (((c * k + dy) * k + dx) * result_side + y) * result_side + first, end - first);
          }
  }

  void forward(const Eigen::Ref<const matrix>& input) {
    const Eigen::Index batch = input.rows();
    if (plan.kind == layer_plan::dense) {
      result.noalias() = input * weight.value.transpose();
      result.rowwise() += bias.value;
    } else {
      result.resize(batch, size());
      for (Eigen::Index n = 0; n < batch; ++n)
        plan.kind == layer_plan::convolution ? convolve(input, n) : pool(input, n);
    }
    if (!last && plan.kind != layer_plan::max_pool) result = result.cwiseMax(0.0f);
  }

  void convolve(const Eigen::Ref<const matrix>& input, Eigen::Index n) {
    if (windows.rows() != input.rows() * window()) windows = matrix::Zero(input.rows() * window(), pixels());
    const float* from = input.row(n).data();
    float* to = windows.row(n * window()).data();
    for_each_line([&](int image, int place, int count) { std::copy_n(from + image, count, to + place); });
    view y(result.row(n).data(), outputs, pixels());
    y.noalias() = weight.value * windows.middleRows(n * window(), window());
    y.colwise() += bias.value.transpose();
  }

  void pool(const Eigen::Ref<const matrix>& input, Eigen::Index n) {
    largest.resize(static_cast<std::size_t>(input.rows() * size()));
    const float* from = input.row(n).data();
    float* to = result.row(n).data();
    int* place = largest.data() + n * size();
    const int k = plan.kernel;
    for (int c = 0; c < channels; ++c)
      for (int y = 0; y < result_side; ++y)
        for (int x = 0; x < result_side; ++x) {
          int best = (c * side + y * k) * side + x * k;
          for (int dy = 0; dy < k; ++dy)
            for (int dx = 0; dx < k; ++dx) {
              const int at = (c * side + y * k + dy) * side + x * k + dx;
              if (from[at] > from[best]) best = at;
            }
          *to++ = from[best], *place++ = best;
        }
  }

  /// The gradients of weight and bias, and of the input, if there is a layer before.
  void backward(const Eigen::Ref<const matrix>& input, layer* before) {
    const Eigen::Index batch = input.rows();
    if (!last && plan.kind != layer_plan::max_pool) gradient = (result.array() > 0).select(gradient, 0.0f);
    if (plan.kind == layer_plan::dense) {
      bias.gradient = gradient.colwise().sum();
      weight.gradient.noalias() = gradient.transpose() * input;
      if (before) before->gradient.noalias() = gradient * weight.value;
      return;
    }
    if (before) before->gradient.setZero(batch, before->size());
    if (plan.kind == layer_plan::max_pool) {
      for (Eigen::Index n = 0; n < batch; ++n) {
        const float* from = gradient.row(n).data();
        float* to = before->gradient.row(n).data();
        for (int i = 0; i < size(); ++i) to[largest[static_cast<std::size_t>(n * size() + i)]] += from[i];
      }
      return;
    }
    weight.gradient.setZero(), bias.gradient.setZero();
    for (Eigen::Index n = 0; n < batch; ++n) {
      const view dy(gradient.row(n).data(), outputs, pixels());
      bias.gradient += dy.rowwise().sum().transpose();
      weight.gradient.noalias() += dy * windows.middleRows(n * window(), window()).transpose();
      if (!before) continue;
      spread.noalias() = weight.value.transpose() * dy;
      float* to = before->gradient.row(n).data();
      for_each_line([&](int image, int place, int count) {
        for (int i = 0; i < count; ++i) to[image + i] += spread.data()[place + i];
      });
    }
  }
};

class eigen_training : public training_peer {
 public:
  eigen_training(const network_plan& plan, const parameter_list& parameters, double rate) : rate_(rate) {
    int channels = plan.channels, side = plan.side;
    std::size_t next = 0;
    for (const layer_plan& each : plan.layers) {
      layer l{.plan = each, .channels = channels, .side = side, .outputs = each.outputs, .result_side = 1};
      int inputs = channels * side * side;
      if (each.kind == layer_plan::convolution) l.result_side = side + 2 * each.padding - each.kernel + 1;
      if (each.kind == layer_plan::convolution) inputs = l.window();
      if (each.kind == layer_plan::max_pool) l.result_side = side / each.kernel;
      if (each.kind != layer_plan::max_pool) {
        l.weight.begin(Eigen::Map<const matrix>(parameters[next].data(), each.outputs, inputs));
        l.bias.begin(Eigen::Map<const row>(parameters[next + 1].data(), each.outputs));
        next += 2;
      }
      channels = each.outputs, side = l.result_side;
      layers_.push_back(std::move(l));
    }
    layers_.back().last = true;
  }

  float step(std::span<const float> x, std::span<const std::int32_t> labels) override {
    const auto batch = static_cast<Eigen::Index>(labels.size());
    const Eigen::Map<const matrix> input(x.data(), batch, static_cast<Eigen::Index>(x.size()) / batch);
    for (std::size_t i = 0; i < layers_.size(); ++i)
      i == 0 ? layers_[0].forward(input) : layers_[i].forward(layers_[i - 1].result);
    layer& last = layers_.back();
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
    for (std::size_t i = layers_.size(); i-- > 0;)
      i == 0 ? layers_[0].backward(input, nullptr) : layers_[i].backward(layers_[i - 1].result, &layers_[i - 1]);
    const int t = ++steps_;
    const auto rate = static_cast<float>(rate_ / (1 - std::pow(0.9, t)));
    const auto correction = static_cast<float>(1 / std::sqrt(1 - std::pow(0.999, t)));
    for (layer& l : layers_)
      if (l.plan.kind != layer_plan::max_pool) l.weight.update(rate, correction), l.bias.update(rate, correction);
    return loss / static_cast<float>(batch);
  }

  parameter_list gradients() override {
    parameter_list all;
    for (const layer& l : layers_) {
      if (l.plan.kind == layer_plan::max_pool) continue;
      all.emplace_back(l.weight.gradient.data(), l.weight.gradient.data() + l.weight.gradient.size());
      all.emplace_back(l.bias.gradient.data(), l.bias.gradient.data() + l.bias.gradient.size());
    }
    return all;
  }

 private:
  std::vector<layer> layers_;
  double rate_;
  int steps_ = 0;
};

}  // namespace

std::unique_ptr<training_peer> make_eigen_training(const network_plan& plan, const parameter_list& parameters,
                                                   double rate) {
  return std::make_unique<eigen_training>(plan, parameters, rate);
}

}  // namespace inlay::bench
