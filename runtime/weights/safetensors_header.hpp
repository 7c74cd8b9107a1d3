// SPDX-License-Identifier: Apache-2.0
// The JSON header of a safetensors file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace inlay::detail {

/// Where a tensor lies in a file, as the header claims.
struct tensor_entry {
  std::string name, type;
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0, end = 0;  ///< in bytes from the start of the data
};

/// Reads a header's tensors, sorted by name. Checks them against each other and against the number of bytes that follow
/// the header. Returns what is wrong, or nothing. The time is nearly linear in the size of `text`.
std::string read_header(std::string_view text, std::uint64_t data_bytes, std::vector<tensor_entry>& entries);

}  // namespace inlay::detail
