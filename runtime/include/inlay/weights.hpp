// SPDX-License-Identifier: Apache-2.0
// Weights files: reading and writing safetensors, and comparing what a file has with what a graph needs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inlay/graph.hpp"

namespace inlay {

/// One tensor of a weights file, widened to f32.
struct weight_tensor {
  std::string name;
  std::vector<std::uint64_t> shape;
  std::string stored_type;    ///< "F32", "F16" or "BF16"
  std::vector<float> values;  ///< row-major
};

/// The tensors of a file in the order of their names.
struct weights {
  std::vector<weight_tensor> tensors;

  const weight_tensor* find(std::string_view name) const;
};

/// Weights, or why there are none.
struct weights_result {
  weights value;
  std::string error;  ///< empty on success

  explicit operator bool() const { return error.empty(); }
};

/// Reads a safetensors file (https://github.com/huggingface/safetensors, "Format"): F32, F16 and BF16 tensors, and
/// leaves out the counters `*.num_batches_tracked` of torch.nn.BatchNorm1d. Never throws; every defect of the file is
/// an error that names the tensor, what was expected and what was found.
weights_result read_safetensors(std::span<const std::byte> file);
weights_result load_safetensors(const std::string& path);

/// The bytes of a safetensors file with all tensors as F32.
std::vector<std::byte> write_safetensors(const weights& w);

/// Everything that is wrong between the parameters of `graph` and `w`, one line each: missing, extra and misshaped
/// names. Empty if they match.
std::vector<std::string> check_weights(const graph_view& graph, const weights& w);
/// The same for several graphs that share one file; a tensor is extra if none of them has it.
std::vector<std::string> check_weights(std::span<const graph_view> graphs, const weights& w);

/// Binary16 and bfloat16, given by their bits, as f32; exact, NaN payloads kept.
float float_from_half(std::uint16_t bits);
float float_from_bfloat16(std::uint16_t bits);

}  // namespace inlay
