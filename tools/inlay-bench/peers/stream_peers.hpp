// SPDX-License-Identifier: Apache-2.0
// The networks of stream_suite() in other libraries, written as their users would.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "inlay/weights.hpp"

namespace inlay::bench {

/// A network in another library. The calls go through pointers to functions, as those of a compiled network do.
struct stream_peer {
  std::string name;                      ///< of the library
  std::string how;                       ///< how it was compiled
  std::shared_ptr<void> model;           ///< null: it lacks the network
  void (*reset)(void* model) = nullptr;  ///< to before the first step
  void (*run)(void* model, const float* x, float* y, std::size_t steps) = nullptr;
};

/// Prepares the network of stream_suite() with this name and these weights.
using stream_library = stream_peer (*)(std::string_view network, const weights& w);

#ifdef INLAY_BENCH_RTNEURAL_STREAMS
/// RTNeural with xsimd, compiled for the same processor as the kernels.
stream_peer rtneural_stream(std::string_view network, const weights& w);
#endif
#ifdef INLAY_BENCH_RTNEURAL_STREAMS_AVX2
/// The same, compiled for AVX2. Layers of 8 have half of their lanes empty with AVX-512.
stream_peer rtneural_stream_avx2(std::string_view network, const weights& w);
#endif
#ifdef INLAY_BENCH_ONNXRUNTIME
/// ONNX Runtime: `vad`. The weights must outlive the model.
stream_peer onnxruntime_stream(std::string_view network, const weights& w);
#endif

}  // namespace inlay::bench
