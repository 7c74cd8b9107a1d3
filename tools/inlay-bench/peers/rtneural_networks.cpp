// SPDX-License-Identifier: Apache-2.0
// RTNeural with its Eigen backend, one sample at a time. The suite's small networks are written as its users would,
// with all shapes in the type and everything inlined; other networks run layer by layer.
#include <RTNeural/RTNeural.h>

#include <algorithm>

#include "network_peers.hpp"

namespace inlay::bench {
namespace {

namespace rt = RTNeural;

template <class Layer>
void set_weights(Layer& dense, const dense_layer& layer) {
  std::vector<std::vector<float>> rows;
  for (int i = 0; i < layer.outputs; ++i) {
    const float* row = layer.weight + std::size_t(i) * std::size_t(layer.inputs);
    rows.emplace_back(row, row + layer.inputs);
  }
  const std::vector<float> zeros(std::size_t(layer.outputs), 0.0f);
  dense.setWeights(rows);
  dense.setBias(layer.bias ? layer.bias : zeros.data());
}

template <class Model>
network_run sample_by_sample(std::shared_ptr<Model> model, std::span<const dense_layer> layers, int batch) {
  const std::size_t inputs = std::size_t(layers.front().inputs), outputs = std::size_t(layers.back().outputs);
  if (batch == 1)
    return [=](const float* x, float* y) {
      model->forward(x);
      std::copy_n(model->getOutputs(), outputs, y);
    };
  // RTNeural needs aligned samples, so copy each.
  return [=, sample = Eigen::VectorXf(layers.front().inputs)](const float* x, float* y) mutable {
    for (int i = 0; i < batch; ++i, x += inputs, y += outputs) {
      std::copy_n(x, inputs, sample.data());
      model->forward(sample.data());
      std::copy_n(model->getOutputs(), outputs, y);
    }
  };
}

/// A model whose dense layers are at `places`.
template <class Model, int... places>
network_run inlined(std::span<const dense_layer> layers, int batch, std::integer_sequence<int, places...>) {
  auto model = std::make_shared<Model>();
  std::size_t next = 0;
  (set_weights(model->template get<places>(), layers[next++]), ...);
  model->reset();
  return sample_by_sample(model, layers, batch);
}

bool is(std::span<const dense_layer> layers, std::vector<dense_layer> like) {
  return std::ranges::equal(layers, like, [](const dense_layer& a, const dense_layer& b) {
    return a.inputs == b.inputs && a.outputs == b.outputs && a.function == b.function && a.softmax == b.softmax;
  });
}

dense_layer shape(int inputs, int outputs, activation function, bool softmax = false) {
  dense_layer layer;
  layer.inputs = inputs, layer.outputs = outputs, layer.function = function, layer.softmax = softmax;
  return layer;
}

network_run layer_by_layer(std::span<const dense_layer> layers, int batch) {
  auto model = std::make_shared<rt::Model<float>>(layers.front().inputs);
  for (const dense_layer& layer : layers) {
    auto* const dense = new rt::Dense<float>(layer.inputs, layer.outputs);
    set_weights(*dense, layer);
    model->addLayer(dense);
    switch (layer.function) {
      case activation::none: break;
      case activation::relu: model->addLayer(new rt::ReLuActivation<float>(layer.outputs)); break;
      case activation::tanh: model->addLayer(new rt::TanhActivation<float>(layer.outputs)); break;
      case activation::sigmoid: model->addLayer(new rt::SigmoidActivation<float>(layer.outputs)); break;
      default: return {};
    }
    if (layer.softmax) model->addLayer(new rt::SoftmaxActivation<float>(layer.outputs));
  }
  model->reset();
  return sample_by_sample(model, layers, batch);
}

network_run prepare(std::span<const dense_layer> layers, int batch) {
  using enum activation;
  if (is(layers, {shape(2, 8, tanh), shape(8, 1, sigmoid)}))
    return inlined<rt::ModelT<float, 2, 1, rt::DenseT<float, 2, 8>, rt::TanhActivationT<float, 8>,
                              rt::DenseT<float, 8, 1>, rt::SigmoidActivationT<float, 1>>>(
        layers, batch, std::integer_sequence<int, 0, 2>());
  if (is(layers, {shape(64, 128, relu), shape(128, 128, relu), shape(128, 10, none, true)}))
    return inlined<rt::ModelT<float, 64, 10, rt::DenseT<float, 64, 128>, rt::ReLuActivationT<float, 128>,
                              rt::DenseT<float, 128, 128>, rt::ReLuActivationT<float, 128>, rt::DenseT<float, 128, 10>,
                              rt::SoftmaxActivationT<float, 10>>>(layers, batch, std::integer_sequence<int, 0, 2, 4>());
  return layer_by_layer(layers, batch);
}

}  // namespace

network_library rtneural_networks() { return {"RTNeural", prepare}; }

}  // namespace inlay::bench
