// SPDX-License-Identifier: Apache-2.0
// OpenMP's threads for kernels that were compiled with --parallel, instead of a thread_pool. Needs -fopenmp.
#pragma once

#ifndef _OPENMP
#error "inlay/openmp.hpp needs OpenMP: compile with -fopenmp, or link OpenMP::OpenMP_CXX in CMake"
#endif
#include <omp.h>

#include "inlay/parallel_for.h"

namespace inlay {

/// As many threads as OpenMP gives a parallel region here: OMP_NUM_THREADS, omp_set_num_threads().
inline inlay_parallel_for openmp_workers() {
  return {[](void*, void (*work)(void*, size_t, size_t), void* argument) {
#pragma omp parallel default(none) firstprivate(work, argument)
            work(argument, static_cast<size_t>(omp_get_thread_num()), static_cast<size_t>(omp_get_num_threads()));
          },
          nullptr};
}

}  // namespace inlay
