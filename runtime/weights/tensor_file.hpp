// SPDX-License-Identifier: Apache-2.0
// A safetensors file whose header is read first and whose tensors are read one by one.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "element_types.hpp"
#include "safetensors_header.hpp"

namespace inlay::detail {

/// Bytes that are read by position.
class byte_source {
 public:
  virtual ~byte_source() = default;
  virtual std::uint64_t size() const = 0;
  /// Fills `into` with the bytes from `at` on. Returns what went wrong, or nothing.
  virtual std::string read(std::uint64_t at, std::span<std::byte> into) const = 0;
};

std::unique_ptr<byte_source> source_in_memory(std::span<const std::byte> bytes);

/// Opens a regular file; anything else, such as a folder, a pipe or a device, is refused with a reason in `error`.
std::unique_ptr<byte_source> source_on_disk(const std::string& path, std::string& error);

struct tensor_file {
  std::string path;  ///< empty for bytes in memory
  std::unique_ptr<byte_source> source;
  std::uint64_t data_start = 0;
  std::vector<tensor_entry> entries;  ///< sorted by name

  /// The text in front of errors and notes.
  std::string label() const { return path.empty() ? "safetensors: " : "'" + path + "': safetensors: "; }
  const tensor_entry* find(std::string_view name) const;
};

/// Reads the header from `file.source`. Returns what is wrong, or nothing.
std::string read_entries(tensor_file& file);

/// Opens `path` and reads its header. The error names the path.
std::string open_tensor_file(const std::string& path, tensor_file& file);

/// Reads a tensor of a readable type as f32. F32 is read straight into `values`; other types go through a buffer.
std::string read_floats(const tensor_file& file, const tensor_entry& e, std::vector<float>& values,
                        rounding_counts& counts);
/// The same as doubles, which hold every readable type exactly.
std::string read_doubles(const tensor_file& file, const tensor_entry& e, std::vector<double>& values);

}  // namespace inlay::detail
