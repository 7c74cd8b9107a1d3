// SPDX-License-Identifier: Apache-2.0
// Dense networks by other libraries, as their users would run them: memory allocated and weights prepared once.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "../dense_chain.hpp"
#include "../networks.hpp"

namespace inlay::bench {

/// Runs the batch it was made for, one thread.
using network_run = std::function<void(const float* x, float* y)>;

struct network_library {
  std::string_view name;
  /// Null where the library has not what a layer needs.
  network_run (*prepare)(std::span<const dense_layer> layers, int batch);
};

/// Eigen's arrays compute the activation in place; false if it is not among the functions of eigen_peer().
bool activate(const dense_layer& layer, float* y, int batch);
/// Whether activate() can.
bool can_activate(const dense_layer& layer);

network_library eigen_networks();
#ifdef INLAY_BENCH_OPENBLAS
network_library openblas_networks();
/// Which kernels OpenBLAS has chosen for this processor.
openblas_facts openblas_choice();
#endif
#ifdef INLAY_BENCH_ONEDNN
network_library onednn_networks();
#endif
#ifdef INLAY_BENCH_ONNXRUNTIME
network_library onnxruntime_networks();
#endif
#ifdef INLAY_BENCH_RTNEURAL
network_library rtneural_networks();
#endif

}  // namespace inlay::bench
