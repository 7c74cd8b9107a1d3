// SPDX-License-Identifier: Apache-2.0
// Floats between two pages that cannot be accessed, flush with one of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace inlay::fuzz {

enum class flush { front, back };

class guarded_buffer {
 public:
  guarded_buffer(std::size_t count, flush side);
  guarded_buffer(const guarded_buffer&) = delete;
  guarded_buffer& operator=(const guarded_buffer&) = delete;
  ~guarded_buffer();

  float* data() const { return data_; }
  std::span<float> span() const { return {data_, count_}; }
  void fill(std::uint32_t bits);
  void make_read_only();

 private:
  std::size_t count_, usable_, page_;
  std::byte* base_;
  float* data_;
};

}  // namespace inlay::fuzz
