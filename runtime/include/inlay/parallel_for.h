/* SPDX-License-Identifier: Apache-2.0
 * What a kernel needs of threads; for C and C++. inlayc writes the same into the headers of kernels. */
#ifndef INLAY_PARALLEL_FOR
#define INLAY_PARALLEL_FOR

#include <stddef.h>

/* Several threads. `run` calls work(argument, part, parts) once for each part from 0 up to parts, at the same time as
 * far as it can, always the same part on the same thread if it can, and returns when all of them have returned. */
typedef struct inlay_parallel_for {
  void (*run)(void* context, void (*work)(void* argument, size_t part, size_t parts), void* argument);
  void* context;
} inlay_parallel_for;

#endif
