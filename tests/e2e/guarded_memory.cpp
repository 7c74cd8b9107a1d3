// SPDX-License-Identifier: Apache-2.0
// Memory that ends at a page which cannot be accessed.
#include "guarded_memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace inlay::testing {

guarded_floats::guarded_floats(std::size_t count) : count_(count) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t usable = (count * sizeof(float) + page - 1) / page * page;
  mapped_ = usable + page;
  void* memory = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  base_ = static_cast<std::byte*>(memory);
  if (memory == MAP_FAILED || mprotect(base_ + usable, page, PROT_NONE) != 0) {
    std::perror("guarded_floats");
    std::abort();
  }
  data_ = reinterpret_cast<float*>(base_ + usable - count * sizeof(float));
}

guarded_floats::~guarded_floats() { munmap(base_, mapped_); }

}  // namespace inlay::testing
