/* SPDX-License-Identifier: Apache-2.0
 * The interface between kernels and threads, for C and C++. inlayc writes the same declaration into kernel headers. */
#ifndef INLAY_PARALLEL_FOR
#define INLAY_PARALLEL_FOR

#include <stddef.h>

/* Several threads. `run` calls work(argument, part, parts) once for each part in 0 .. parts - 1 and returns when all
 * calls have returned. If it can, it runs all parts at the same time, and each part on the same thread in every call.
 */
typedef struct inlay_parallel_for {
  void (*run)(void* context, void (*work)(void* argument, size_t part, size_t parts), void* argument);
  void* context;
} inlay_parallel_for;

#endif
