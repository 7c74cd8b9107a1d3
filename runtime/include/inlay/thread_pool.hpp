// SPDX-License-Identifier: Apache-2.0
// Threads for kernels that were compiled with --parallel.
#pragma once

#include <memory>

#include "inlay/parallel_for.h"

namespace inlay {

/// Threads that wait for work. Part 0 runs on the calling thread. Every other part always runs on the same thread of
/// the pool, so that each core finds its share of the weights in its own cache. A waiting thread spins for two
/// microseconds, then offers its core to other threads between looks, and sleeps after 50 microseconds. In a pool of
/// more threads than default_size() it sleeps at once.
///
/// - A pool does one piece of work at a time; calls from several threads take turns.
/// - A call from inside the work of any pool runs all of its own work as one part on the calling thread, as OpenMP does
///   by default.
/// - If parts throw, the call waits for all parts and then throws part 0's exception or, if part 0 did not throw, the
///   first exception of the others. The pool can be used again.
/// - All parts run with the floating-point mode (rounding, denormals, traps) of the calling thread.
/// - fork() does not copy threads. In the child, a pool made by the parent runs all work on the calling thread; a pool
///   made by the child has threads. Work must not fork and then return in the child.
/// - A pool may have static storage duration. It must not be destroyed while another thread calls it.
class thread_pool {
 public:
  /// `threads` in all, the calling one included; 0 means default_size(). Throws std::system_error if they cannot be
  /// started.
  explicit thread_pool(unsigned threads = 0);
  ~thread_pool();
  thread_pool(const thread_pool&) = delete;
  thread_pool& operator=(const thread_pool&) = delete;

  /// The number of CPUs that this process may use at once: the CPUs in the calling thread's affinity mask, limited by
  /// the quota of its cgroups, rounded down. At least 1.
  static unsigned default_size();

  /// Threads in all, the calling one included. Work is divided into as many parts.
  unsigned size() const;
  /// The pool in the form that a kernel's entry point takes.
  operator const inlay_parallel_for&() const;

 private:
  struct shared;
  std::unique_ptr<shared> shared_;
};

}  // namespace inlay
