// SPDX-License-Identifier: Apache-2.0
// Weights files: reading and writing safetensors, and finding the weights that graphs need.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inlay/graph.hpp"

namespace inlay {

/// One tensor of a weights file, as f32.
struct weight_tensor {
  std::string name;
  std::vector<std::uint64_t> shape;
  std::string stored_type;    ///< "F32", "F16", "BF16" or "F64"
  std::vector<float> values;  ///< row-major; as many as the product of `shape`
};

/// A tensor of a weights file that was not read.
struct unread_tensor {
  std::string name;
  std::vector<std::uint64_t> shape;
  std::string stored_type;  ///< any type of the file, such as "I64"
};

/// The tensors of a file. Readers put them in the order of their names; others may use any order.
struct weights {
  std::vector<weight_tensor> tensors;
  std::vector<unread_tensor> unread = {};

  /// The tensor of this name, or null. Looks by bisection, and once more one by one in case the order is another.
  const weight_tensor* find(std::string_view name) const;
};

/// Weights, or why there are none.
struct weights_result {
  weights value;
  std::string error;                    ///< empty on success
  std::vector<std::string> notes = {};  ///< what is unusual about the values, a line each

  explicit operator bool() const { return error.empty(); }
};

/// Reads all tensors of a safetensors file (https://github.com/huggingface/safetensors, "Format"). F32 keeps its bits,
/// F16 and BF16 are widened exactly, F64 is rounded to the nearest f32 and, beyond f32's range, to its largest finite
/// number. Tensors of other types go to `unread`. Notes name the tensors with NaN, infinite or too large values and
/// with variances (`running_var`) that are not positive, and count the rounded F64 values. Never throws; every defect
/// of the file is an error that names the tensor, what was expected and what was found.
weights_result read_safetensors(std::span<const std::byte> file);
/// The same from a regular file, whose path begins the error and the notes. A folder, pipe or device is an error.
weights_result load_safetensors(const std::string& path);

/// The bytes of a safetensors file with all `tensors` as F32; `unread` is left out.
std::vector<std::byte> write_safetensors(const weights& w);

/// Where load_weights() finds the parameters of networks. inlayc has an option for each member.
struct weights_request {
  /// Paths of safetensors files. A parameter that is in two of them is an error.
  std::vector<std::string> files = {};
  /// What the names of the tensors have in front of the parameters' names, such as "module.". If it is empty, a prefix
  /// that the names of all float tensors of a file share is found and noted.
  std::string prefix = {};
  /// "parameter=tensor": the parameter has the values of that tensor; "parameter=tensor^T": of its transpose. Tensors
  /// are named without the prefix.
  std::vector<std::string> ties = {};
  /// Tensors that no graph reads are an error instead of a note, except for the counter `num_batches_tracked` of a
  /// batch norm that a graph reads.
  bool strict = false;
};

/// The weights of all parameters, or everything that is wrong, a line each.
struct weights_load {
  weights value;                         ///< by the parameters' names; `unread` names tensors as the files do
  std::vector<std::string> errors = {};  ///< empty on success
  std::vector<std::string> notes =
      {};  ///< as in weights_result; prefixes; computed weights; tensors that no graph reads

  explicit operator bool() const { return errors.empty(); }
};

/// Reads what the parameters of `graphs` need, and nothing else: headers first, then single tensors. Checks names,
/// shapes and types before it reads values. A parameter `fc.weight` that is missing is computed from `fc.weight_g` and
/// `fc.weight_v`, or from `fc.parametrizations.weight.original0` and `original1` (torch's weight_norm: g v / |v|), in
/// double and rounded once. An error for a missing name suggests the nearest. Never throws.
weights_load load_weights(std::span<const graph_view> graphs, const weights_request& request);

/// What check_weights() says about tensors that no graph reads.
enum class extras { allowed, refused };

/// Everything that is wrong between the parameters of `graph` and `w`, one line each: missing and misshaped names,
/// names that `w` has twice, values that are not as many as their shape says and, if asked for, tensors that no
/// parameter reads. Empty if they match. The order of `w.tensors` does not matter.
std::vector<std::string> check_weights(const graph_view& graph, const weights& w, extras extra = extras::allowed);
/// The same for several graphs that share one file; a tensor is extra if none of them reads it.
std::vector<std::string> check_weights(std::span<const graph_view> graphs, const weights& w,
                                       extras extra = extras::allowed);

/// Binary16 and bfloat16, given by their bits, as f32; exact, NaN payloads kept.
float float_from_half(std::uint16_t bits);
float float_from_bfloat16(std::uint16_t bits);

}  // namespace inlay
