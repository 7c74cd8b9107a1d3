// SPDX-License-Identifier: Apache-2.0
// Floats between two pages that cannot be accessed.
#include "guarded_buffer.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cstdio>
#include <cstdlib>

namespace inlay::fuzz {

guarded_buffer::guarded_buffer(std::size_t count, flush side)
    : count_(count), page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) {
  usable_ = (count * sizeof(float) + page_ - 1) / page_ * page_;
  void* memory = mmap(nullptr, usable_ + 2 * page_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  base_ = static_cast<std::byte*>(memory);
  if (memory == MAP_FAILED || (usable_ > 0 && mprotect(base_ + page_, usable_, PROT_READ | PROT_WRITE) != 0)) {
    std::perror("guarded_buffer");
    std::abort();
  }
  std::byte* start = base_ + page_ + (side == flush::front ? 0 : usable_ - count * sizeof(float));
  data_ = reinterpret_cast<float*>(start);
}

guarded_buffer::~guarded_buffer() { munmap(base_, usable_ + 2 * page_); }

void guarded_buffer::fill(std::uint32_t bits) {
  // Fill whole pages, so that a load before the first element reads the same value.
  auto* words = reinterpret_cast<float*>(base_ + page_);
  for (std::size_t i = 0; i < usable_ / sizeof(float); ++i) words[i] = std::bit_cast<float>(bits);
}

void guarded_buffer::make_read_only() {
  if (usable_ > 0 && mprotect(base_ + page_, usable_, PROT_READ) != 0) {
    std::perror("guarded_buffer");
    std::abort();
  }
}

}  // namespace inlay::fuzz
