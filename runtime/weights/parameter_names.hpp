// SPDX-License-Identifier: Apache-2.0
// Error messages about parameters whose tensors are missing or have another shape.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "inlay/graph.hpp"

namespace inlay::detail {

using tensor_sizes = std::vector<std::uint64_t>;

tensor_sizes sizes_of(const node_record& node);
/// "f32[2,3]", with the type in lower case.
std::string shape_text(std::span<const std::uint64_t> sizes, std::string_view type = "f32");
/// Whether `b` is the transpose of a matrix shape `a` that is not square.
bool is_transpose(std::span<const std::uint64_t> a, std::span<const std::uint64_t> b);

/// The names of all parameters of `graphs`, which own the characters.
std::unordered_set<std::string_view> parameter_names(std::span<const graph_view> graphs);
/// Whether `name` is the training counter (`num_batches_tracked`) of a batch norm whose statistics are in `parameters`.
bool is_counter(std::string_view name, const std::unordered_set<std::string_view>& parameters);

/// A tensor that no parameter reads.
struct spare_tensor {
  std::string_view name;
  std::span<const std::uint64_t> shape;
};

/// Suggests tensors for missing names: the nearest name, else the only tensor with the shape or its transpose.
class name_suggester {
 public:
  explicit name_suggester(std::vector<spare_tensor> spare) : spare_(std::move(spare)) {}
  /// A text such as "; nearest is 'fc1.weights' f32[2,3]", or nothing. Always nothing after some dozens of calls.
  std::string suggest(std::string_view name, std::span<const std::uint64_t> sizes);

 private:
  std::vector<spare_tensor> spare_;
  std::size_t left_ = 32;
};

/// "misshaped parameter ..." with the shape that was found and, for a transpose, what to do. `tensor` is the name in
/// the file.
std::string misshaped(std::string_view parameter, std::span<const std::uint64_t> expected, std::string_view tensor,
                      std::span<const std::uint64_t> found);
/// An error for a tensor whose type weights cannot be read from.
std::string unreadable(std::string_view parameter, std::string_view type);

}  // namespace inlay::detail
