// SPDX-License-Identifier: Apache-2.0
// Watches a piece of code: counts its allocations and locks, or ends the process at its first system call.
#pragma once

#include <cstddef>

namespace realtime_test {

/// What a thread has called since it made a `watch`.
struct calls {
  std::size_t allocations = 0;  ///< malloc, calloc, realloc, free and their relatives; operator new calls malloc
  std::size_t locks = 0;        ///< of mutexes, read-write locks, spin locks, semaphores and condition variables

  friend bool operator==(const calls&, const calls&) = default;
};

/// Counts the calls of this thread from its construction to the end of its life. guard.cpp defines the functions that
/// it counts, so they take the place of the C library's in the whole program.
class watch {
 public:
  explicit watch(calls& into);
  ~watch();
  watch(const watch&) = delete;
  watch& operator=(const watch&) = delete;
};

/// How a child process ended that ran code with all system calls refused.
enum class child_end {
  good,         ///< the code returned true
  bad,          ///< the code returned false
  system_call,  ///< the kernel ended it at a system call
  other,        ///< it ended in another way
  not_possible  ///< the kernel cannot refuse system calls here
};

/// Forks a child, in which the kernel ends the process at any system call except that to exit, and runs `code` there.
/// Neither write nor getpid is permitted, which makes it stricter than the kernel's own strict mode. The child shares
/// only MAP_SHARED memory with its parent.
child_end without_system_calls(bool (*code)(void*), void* argument);

}  // namespace realtime_test
