// SPDX-License-Identifier: Apache-2.0
// RTNeural with its xsimd backend, with all shapes in the type and everything inlined. The build compiles this file
// once or twice. PEER is the name of its function, PEER_NAME that of the contestant, PEER_FLAGS says how it was
// compiled.
#include <RTNeural/RTNeural.h>

#include <algorithm>

#include "stream_peers.hpp"

namespace inlay::bench {
namespace {

namespace rt = RTNEURAL_NAMESPACE;
using matrix = std::vector<std::vector<float>>;

/// Rows and columns of a weight. A vector is one row.
matrix matrix_of(const weights& w, const std::string& name) {
  const weight_tensor& tensor = *w.find(name);
  const std::size_t rows = tensor.shape.size() > 1 ? tensor.shape[0] : 1, columns = tensor.values.size() / rows;
  matrix result;
  for (std::size_t i = 0; i < rows; ++i) {
    const auto row = tensor.values.begin() + static_cast<std::ptrdiff_t>(i * columns);
    result.emplace_back(row, row + static_cast<std::ptrdiff_t>(columns));
  }
  return result;
}

matrix transposed(const matrix& m) {
  matrix result(m[0].size(), std::vector<float>(m.size()));
  for (std::size_t i = 0; i < m.size(); ++i)
    for (std::size_t j = 0; j < m[i].size(); ++j) result[j][i] = m[i][j];
  return result;
}

/// RTNeural's GRU has the gates z, r, n as Keras does; PyTorch's has r, z, n. `gates` is the last index.
matrix with_z_first(matrix gates) {
  for (std::vector<float>& each : gates) {
    const auto third = static_cast<std::ptrdiff_t>(each.size() / 3);
    std::swap_ranges(each.begin(), each.begin() + third, each.begin() + third);
  }
  return gates;
}

template <class Layer>
void set_dense(Layer& layer, const weights& w, const std::string& name) {
  layer.setWeights(matrix_of(w, name + ".weight"));
  layer.setBias(matrix_of(w, name + ".bias")[0].data());
}

/// Both biases stay apart: the reset gate multiplies the one of the hidden state, as with Keras's reset_after.
template <class Layer>
void set_gru(Layer& layer, const weights& w, const std::string& name) {
  layer.setWVals(with_z_first(transposed(matrix_of(w, name + ".weight_ih_l0"))));
  layer.setUVals(with_z_first(transposed(matrix_of(w, name + ".weight_hh_l0"))));
  layer.setBVals(with_z_first({matrix_of(w, name + ".bias_ih_l0")[0], matrix_of(w, name + ".bias_hh_l0")[0]}));
}

/// The gates i, f, g, o are in the same order in both libraries. RTNeural has one bias, the sum.
template <class Layer>
void set_lstm(Layer& layer, const weights& w, const std::string& name) {
  layer.setWVals(transposed(matrix_of(w, name + ".weight_ih_l0")));
  layer.setUVals(transposed(matrix_of(w, name + ".weight_hh_l0")));
  std::vector<float> bias = matrix_of(w, name + ".bias_ih_l0")[0];
  std::ranges::transform(bias, matrix_of(w, name + ".bias_hh_l0")[0], bias.begin(), std::plus());
  layer.setBVals(bias);
}

/// RTNeural's first tap is that of the current step; PyTorch's is the last one.
template <class Layer>
void set_conv(Layer& layer, const weights& w, const std::string& name, std::size_t taps) {
  std::vector<matrix> kernels;
  for (const std::vector<float>& row : matrix_of(w, name + ".weight")) {
    matrix& kernel = kernels.emplace_back();
    for (auto tap = row.begin(); tap != row.end(); tap += static_cast<std::ptrdiff_t>(taps)) {
      kernel.emplace_back(tap, tap + static_cast<std::ptrdiff_t>(taps));
      std::ranges::reverse(kernel.back());
    }
  }
  layer.setWeights(kernels);
  layer.setBias(matrix_of(w, name + ".bias")[0]);
}

template <class Model>
stream_peer peer_of(std::shared_ptr<Model> model) {
  return {.name = PEER_NAME,
          .how = "xsimd, shapes in the type, compiled with " PEER_FLAGS " by " PEER_COMPILER,
          .model = std::move(model),
          .reset = [](void* m) { static_cast<Model*>(m)->reset(); },
          .run =
              [](void* m, const float* x, float* y, std::size_t steps) {
                Model& of = *static_cast<Model*>(m);
                for (std::size_t i = 0; i < steps; ++i) y[i] = of.forward(x + i);
              }};
}

using gru8 = rt::ModelT<float, 1, 1, rt::GRULayerT<float, 1, 8>, rt::DenseT<float, 8, 1>>;
using lstm16 = rt::ModelT<float, 1, 1, rt::LSTMLayerT<float, 1, 16>, rt::DenseT<float, 16, 1>>;
using act = rt::TanhActivationT<float, 8>;
using dense = rt::ModelT<float, 1, 1, rt::DenseT<float, 1, 8>, act, rt::DenseT<float, 8, 8>, act,
                         rt::DenseT<float, 8, 8>, act, rt::DenseT<float, 8, 1>>;
template <int inputs, int dilation>
using conv = rt::Conv1DT<float, inputs, 8, 3, dilation>;
using tcn = rt::ModelT<float, 1, 1, conv<1, 1>, act, conv<8, 2>, act, conv<8, 4>, act, conv<8, 8>, act, conv<8, 16>,
                       act, rt::DenseT<float, 8, 1>>;

}  // namespace

stream_peer PEER(std::string_view network, const weights& w) {
  if (network == "gru8") {
    auto model = std::make_shared<gru8>();
    set_gru(model->get<0>(), w, "gru");
    set_dense(model->get<1>(), w, "out");
    return peer_of(std::move(model));
  }
  if (network == "lstm16") {
    auto model = std::make_shared<lstm16>();
    set_lstm(model->get<0>(), w, "lstm");
    set_dense(model->get<1>(), w, "out");
    return peer_of(std::move(model));
  }
  if (network == "dense") {
    auto model = std::make_shared<dense>();
    set_dense(model->get<0>(), w, "fc1");
    set_dense(model->get<2>(), w, "fc2");
    set_dense(model->get<4>(), w, "fc3");
    set_dense(model->get<6>(), w, "fc4");
    return peer_of(std::move(model));
  }
  if (network == "tcn") {
    auto model = std::make_shared<tcn>();
    set_conv(model->get<0>(), w, "conv1", 3);
    set_conv(model->get<2>(), w, "conv2", 3);
    set_conv(model->get<4>(), w, "conv3", 3);
    set_conv(model->get<6>(), w, "conv4", 3);
    set_conv(model->get<8>(), w, "conv5", 3);
    set_dense(model->get<10>(), w, "out");
    return peer_of(std::move(model));
  }
  return {};
}

}  // namespace inlay::bench
