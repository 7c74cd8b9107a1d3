// SPDX-License-Identifier: Apache-2.0
// Writes the weights of a training to a file.
#include <cstdio>

#include "inlay/trainer.hpp"

namespace inlay::detail {

std::string save_weights(const weights& all, const std::string& path) {
  const std::vector<std::byte> bytes = write_safetensors(all);
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return path + ": cannot be opened for writing";
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  if (std::fclose(file) != 0 || !written) return path + ": cannot be written; is the disk full?";
  return "";
}

}  // namespace inlay::detail
