// SPDX-License-Identifier: Apache-2.0
// OpenBLAS: one matrix product per layer, on top of the bias, then Eigen's array functions, as BLAS has none.
#include <cblas.h>

#include <algorithm>

#include "network_peers.hpp"

namespace inlay::bench {
namespace {

network_run prepare(std::span<const dense_layer> layers, int batch) {
  for (const dense_layer& layer : layers)
    if (!can_activate(layer)) return {};
  openblas_set_num_threads(1);
  std::vector<dense_layer> all(layers.begin(), layers.end());
  auto values = std::make_shared<std::vector<std::vector<float>>>();
  for (const dense_layer& layer : all) values->emplace_back(static_cast<std::size_t>(batch * layer.outputs));
  return [all, values, batch](const float* x, float* y) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      const dense_layer& layer = all[i];
      const int n = layer.outputs, k = layer.inputs;
      float* const result = i + 1 == all.size() ? y : (*values)[i].data();
      for (int row = 0; row < batch; ++row)
        if (layer.bias)
          std::copy_n(layer.bias, n, result + row * n);
        else
          std::fill_n(result + row * n, n, 0.0f);
      if (batch == 1)
        cblas_sgemv(CblasRowMajor, CblasNoTrans, n, k, 1.0f, layer.weight, k, x, 1, 1.0f, result, 1);
      else
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, batch, n, k, 1.0f, x, k, layer.weight, k, 1.0f, result, n);
      activate(layer, result, batch);
      x = result;
    }
  };
}

}  // namespace

network_library openblas_networks() { return {"OpenBLAS", prepare}; }

}  // namespace inlay::bench
