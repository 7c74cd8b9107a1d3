// SPDX-License-Identifier: Apache-2.0
// Dense networks in other libraries, used as their users would: memory is allocated and weights are prepared once.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "../dense_chain.hpp"
#include "../networks.hpp"

namespace inlay::bench {

/// Runs the batch that it was made for, on one thread.
using network_run = std::function<void(const float* x, float* y)>;

struct network_library {
  std::string_view name;
  /// Returns null if the library lacks something that a layer needs.
  network_run (*prepare)(std::span<const dense_layer> layers, int batch);
};

/// Computes the activation in place with Eigen's arrays. False if eigen_peer() does not have it.
bool activate(const dense_layer& layer, float* y, int batch);
/// Whether activate() can compute the layer's activation.
bool can_activate(const dense_layer& layer);

network_library eigen_networks();
#ifdef INLAY_BENCH_OPENBLAS
network_library openblas_networks();
/// The kernels that OpenBLAS uses on this processor.
openblas_facts openblas_choice();
#endif
#ifdef INLAY_BENCH_ONEDNN
network_library onednn_networks();
/// Networks with convolutions; null for others, and where oneDNN lacks something.
network_run onednn_images(const graph_view& graph, const weights& w, int batch);
#endif
#ifdef INLAY_BENCH_ONNXRUNTIME
network_library onnxruntime_networks();
#endif
#ifdef INLAY_BENCH_RTNEURAL
network_library rtneural_networks();
#endif

}  // namespace inlay::bench
