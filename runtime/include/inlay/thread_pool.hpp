// SPDX-License-Identifier: Apache-2.0
// Threads for kernels that were compiled with --parallel.
#pragma once

#include <memory>

#include "inlay/parallel_for.h"

namespace inlay {

/// Threads that wait for work. Part 0 runs on the calling thread and every other part on a thread of its own, always
/// the same, so that each core finds its share of the weights in its own cache. Threads that wait spin for some
/// microseconds, then let others have the core between looks, and sleep after a twentieth of a millisecond; a pool of
/// more threads than default_size() sleeps at once.
///
/// - A pool does one piece of work at a time; calls from several threads take turns.
/// - A call from inside a pool's work, of the same pool or of another, runs all of its work as one part on the calling
///   thread, as OpenMP does by default.
/// - If parts throw, the call waits for all parts and then throws what part 0 threw or, if that did not throw, what was
///   thrown first. The pool can be used again.
/// - All parts run with the floating-point mode (rounding, denormals, traps) of the calling thread.
/// - The child of a fork() has none of the threads. There, a pool of its parent runs all work on the calling thread. A
///   pool that the child makes has threads. Work itself must not fork and return.
/// - A pool may have static storage duration. It must not be destroyed while another thread calls it.
class thread_pool {
 public:
  /// `threads` in all, the calling one included; 0 means default_size(). Throws std::system_error if they cannot be
  /// started.
  explicit thread_pool(unsigned threads = 0);
  ~thread_pool();
  thread_pool(const thread_pool&) = delete;
  thread_pool& operator=(const thread_pool&) = delete;

  /// The CPUs that this process may use at once: those in the calling thread's affinity mask, but no more than its
  /// cgroups' quota, rounded down, and at least 1.
  static unsigned default_size();

  /// Threads in all, the calling one included: the parts that work is divided into.
  unsigned size() const;
  /// The pool as a kernel's entry point takes it.
  operator const inlay_parallel_for&() const;

 private:
  struct shared;
  std::unique_ptr<shared> shared_;
};

}  // namespace inlay
