// SPDX-License-Identifier: Apache-2.0
// Memory that ends at a page which cannot be accessed: reading or writing one float beyond the end crashes.
#pragma once

#include <cstddef>
#include <span>

namespace inlay::testing {

class guarded_floats {
 public:
  explicit guarded_floats(std::size_t count);
  guarded_floats(const guarded_floats&) = delete;
  guarded_floats& operator=(const guarded_floats&) = delete;
  ~guarded_floats();

  float* data() { return data_; }
  std::span<float> span() { return {data_, count_}; }
  float& operator[](std::size_t i) { return data_[i]; }

 private:
  std::size_t count_, mapped_;
  std::byte* base_;
  float* data_;
};

}  // namespace inlay::testing
