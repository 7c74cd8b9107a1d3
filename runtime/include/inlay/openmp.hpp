// SPDX-License-Identifier: Apache-2.0
// Runs kernels that were compiled with --parallel on OpenMP's threads instead of a thread_pool. Needs -fopenmp.
#pragma once

#ifndef _OPENMP
#error "inlay/openmp.hpp needs OpenMP: compile with -fopenmp, or link OpenMP::OpenMP_CXX in CMake"
#endif
#include <omp.h>

#ifdef __cpp_exceptions
#include <exception>
#endif

#include "inlay/parallel_for.h"

namespace inlay {

/// OpenMP's threads, as many as a parallel region gets: see OMP_NUM_THREADS and omp_set_num_threads().
///
/// A call from inside a parallel region runs on the calling thread, unless nested regions are enabled. If parts throw,
/// the call waits for all parts and then throws the first exception. After a parent has used GNU's OpenMP, its fork()ed
/// child cannot; a thread_pool works there.
inline inlay_parallel_for openmp_workers() {
  return {[](void*, void (*work)(void*, size_t, size_t), void* argument) {
#ifdef __cpp_exceptions
            // An exception must not leave a parallel region.
            std::exception_ptr failure;
#pragma omp parallel default(none) firstprivate(work, argument) shared(failure)
            try {
              work(argument, static_cast<size_t>(omp_get_thread_num()), static_cast<size_t>(omp_get_num_threads()));
            } catch (...) {
#pragma omp critical(inlay_openmp_workers)
              if (!failure) failure = std::current_exception();
            }
            if (failure) std::rethrow_exception(failure);
#else
#pragma omp parallel default(none) firstprivate(work, argument)
            work(argument, static_cast<size_t>(omp_get_thread_num()), static_cast<size_t>(omp_get_num_threads()));
#endif
          },
          nullptr};
}

}  // namespace inlay
