// SPDX-License-Identifier: Apache-2.0
// Weights files: reads and writes safetensors, and finds the weights that graphs need.
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

/// The tensors of a file. Readers sort them by name; weights made by hand may have any order.
struct weights {
  std::vector<weight_tensor> tensors;
  std::vector<unread_tensor> unread = {};

  /// The tensor with this name, or null. Searches by bisection and then, in case they are not sorted, one by one.
  const weight_tensor* find(std::string_view name) const;
};

/// Weights, or why there are none.
struct weights_result {
  weights value;
  std::string error;                    ///< empty on success
  std::vector<std::string> notes = {};  ///< what is unusual about the values, one line each

  explicit operator bool() const { return error.empty(); }
};

/// Reads all tensors of a safetensors file (https://github.com/huggingface/safetensors, "Format"). F32 keeps its bits.
/// F16 and BF16 are widened exactly. F64 is rounded to the nearest f32; finite values beyond f32's range become its
/// largest finite number. Tensors of other types go to `unread`. Notes name tensors with NaN, infinite or too large
/// values and variances (`running_var`) that are not positive, and count the rounded F64 values. Never throws: every
/// defect of the file is an error that names the tensor, what was expected and what was found.
weights_result read_safetensors(std::span<const std::byte> file);
/// The same for a regular file; the error and the notes begin with its path. A folder, pipe or device is an error.
weights_result load_safetensors(const std::string& path);

/// The bytes of a safetensors file with all `tensors` as F32, without `unread`.
std::vector<std::byte> write_safetensors(const weights& w);

/// Where load_weights() finds the parameters of networks. inlayc has an option for each member.
struct weights_request {
  /// Paths of safetensors files. A parameter that is in two of them is an error.
  std::vector<std::string> files = {};
  /// The text in front of the parameters' names in the files, such as "module.". If it is empty, load_weights() looks
  /// in each file for a prefix that the names of all float tensors share, and adds a note.
  std::string prefix = {};
  /// "parameter=tensor": the parameter has the values of that tensor. "parameter=tensor^T": those of its transpose.
  /// Tensors are named without the prefix.
  std::vector<std::string> ties = {};
  /// Tensors that no graph reads are an error instead of a note, except the counter `num_batches_tracked` of a batch
  /// norm that a graph reads.
  bool strict = false;
};

/// The weights of all parameters, or everything that is wrong, one line each.
struct weights_load {
  weights value;                         ///< by the parameters' names; `unread` names tensors as the files do
  std::vector<std::string> errors = {};  ///< empty on success
  std::vector<std::string> notes =
      {};  ///< as in weights_result; prefixes; computed weights; tensors that no graph reads

  explicit operator bool() const { return errors.empty(); }
};

/// Reads only what the parameters of `graphs` need: headers first, then single tensors. Checks names, shapes and types
/// before it reads values. A missing parameter `fc.weight` is computed from `fc.weight_g` and `fc.weight_v`, or from
/// `fc.parametrizations.weight.original0` and `original1` (torch's weight_norm: g v / |v|), in double and rounded once.
/// The error for a missing name suggests the nearest name. Never throws.
weights_load load_weights(std::span<const graph_view> graphs, const weights_request& request);

/// Whether check_weights() accepts tensors that no graph reads.
enum class extras { allowed, refused };

/// Every mismatch between the parameters of `graph` and `w`, one line each: missing names, wrong shapes, names that `w`
/// has twice, tensors whose number of values does not fit their shape and, if `extra` is refused, tensors that no
/// parameter reads. Empty if they match. The order of `w.tensors` does not matter.
std::vector<std::string> check_weights(const graph_view& graph, const weights& w, extras extra = extras::allowed);
/// The same for several graphs that share one file; a tensor is extra if none of them reads it.
std::vector<std::string> check_weights(std::span<const graph_view> graphs, const weights& w,
                                       extras extra = extras::allowed);

/// The f32 value of a binary16 or bfloat16, given by its bits. Exact; NaN payloads are kept.
float float_from_half(std::uint16_t bits);
float float_from_bfloat16(std::uint16_t bits);

}  // namespace inlay
