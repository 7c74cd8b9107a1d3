// SPDX-License-Identifier: Apache-2.0
// Eigen, used as its users would write a dense network: one matrix product per layer, then array functions.
#include <Eigen/Core>

#include "network_peers.hpp"
#include "peers.hpp"

namespace inlay::bench {
namespace {

using matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using const_map = Eigen::Map<const matrix>;
using map = Eigen::Map<matrix>;

const peer_function* find(activation function) {
  static const peer_library library = eigen_peer();
  for (const peer_function& each : library.functions)
    if (each.function == function) return &each;
  return nullptr;
}

void softmax(map y) {
  y.colwise() -= y.rowwise().maxCoeff().eval();
  y = y.array().exp().matrix();
  y.array().colwise() /= y.rowwise().sum().array().eval();
}

network_run prepare(std::span<const dense_layer> layers, int batch) {
  for (const dense_layer& layer : layers)
    if (!can_activate(layer)) return {};
  std::vector<dense_layer> all(layers.begin(), layers.end());
  auto values = std::make_shared<std::vector<matrix>>();
  for (const dense_layer& layer : all) values->emplace_back(batch, layer.outputs);
  return [all, values, batch](const float* x, float* y) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      const dense_layer& layer = all[i];
      const const_map weight(layer.weight, layer.outputs, layer.inputs), in(x, batch, layer.inputs);
      float* const result = i + 1 == all.size() ? y : (*values)[i].data();
      map out(result, batch, layer.outputs);
      if (batch == 1)
        out.row(0).transpose().noalias() = weight * in.row(0).transpose();
      else
        out.noalias() = in * weight.transpose();
      if (layer.bias) out.rowwise() += Eigen::Map<const Eigen::RowVectorXf>(layer.bias, layer.outputs);
      activate(layer, result, batch);
      x = result;
    }
  };
}

}  // namespace

bool can_activate(const dense_layer& layer) {
  return layer.function == activation::none || find(layer.function) != nullptr;
}

bool activate(const dense_layer& layer, float* y, int batch) {
  if (!can_activate(layer)) return false;
  if (layer.function != activation::none) find(layer.function)->run(y, y, batch * layer.outputs);
  if (layer.softmax) softmax(map(y, batch, layer.outputs));
  return true;
}

network_library eigen_networks() { return {"Eigen", prepare}; }

}  // namespace inlay::bench
