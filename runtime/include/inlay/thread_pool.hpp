// SPDX-License-Identifier: Apache-2.0
// Threads for kernels that were compiled with --parallel.
#pragma once

#include <memory>

#include "inlay/parallel_for.h"

namespace inlay {

/// Threads that wait for work: they spin for about a tenth of a millisecond, longer than the layers of a network are
/// apart, and then sleep. Part 0 runs on the calling thread and every other part on a thread of its own, always the
/// same, so that each core finds its share of the weights in its own cache.
///
/// A pool does one piece of work at a time; calls from several threads take turns. Work must not call its own pool.
class thread_pool {
 public:
  /// `threads` in all, the calling one included; 0 means as many as the machine runs at once. Throws std::system_error
  /// if they cannot be started.
  explicit thread_pool(unsigned threads = 0);
  ~thread_pool();
  thread_pool(const thread_pool&) = delete;
  thread_pool& operator=(const thread_pool&) = delete;

  unsigned size() const;
  /// The pool as a kernel's entry point takes it.
  operator const inlay_parallel_for&() const;

 private:
  struct shared;
  std::unique_ptr<shared> shared_;
};

}  // namespace inlay
