// SPDX-License-Identifier: Apache-2.0
// Counts what a program allocates. In a file of its own, so that compilers do not inline these functions.
#include <cstddef>
#include <cstdlib>
#include <new>

extern std::size_t allocations;
std::size_t allocations = 0;

void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
