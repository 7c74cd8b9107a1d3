// SPDX-License-Identifier: Apache-2.0
// Scratch memory and states for kernels.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace inlay::bench {

/// Memory for a kernel, aligned as it needs it.
class aligned_memory {
 public:
  explicit aligned_memory(std::size_t bytes) : bytes_(bytes + 64), start_(bytes_.data()) {
    std::size_t space = bytes_.size();
    std::align(64, bytes, start_, space);
  }
  void* get() const { return start_; }

 private:
  std::vector<std::byte> bytes_;
  void* start_;
};

}  // namespace inlay::bench
