// SPDX-License-Identifier: Apache-2.0
// A program for aarch64 Linux without any library that runs a kernel in an emulator. Reads samples from standard input
// and writes results to standard output. The compiler's command line defines SAMPLES; the floats per sample of the
// input and both outputs INPUTS, FIRST and SECOND; the bytes SCRATCH; and the rounding mode MODE, as in FPCR.
#include <stddef.h>

int everything_run(const float* x, float* first, float* second, size_t batch, void* scratch);

static float x[SAMPLES * INPUTS], first[SAMPLES * FIRST], second[SAMPLES * SECOND];
static _Alignas(64) char scratch[SCRATCH + 1];

static long system_call(long number, long a, long b, long c) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
  return x0;
}

enum { READ = 63, WRITE = 64, EXIT = 93 };

/// Reads or writes all `bytes`, or ends the program.
static void transfer(long number, int file, void* memory, long bytes) {
  for (char* at = memory; bytes > 0;) {
    const long done = system_call(number, file, (long)at, bytes);
    if (done <= 0) system_call(EXIT, 3, 0, 0);
    at += done;
    bytes -= done;
  }
}

void _start(void) {
  transfer(READ, 0, x, sizeof x);
  const unsigned long mode = (unsigned long)MODE << 22;
  unsigned long after = 0;
  __asm__ volatile("msr fpcr, %0" : : "r"(mode) : "memory");
  const int code = everything_run(x, first, second, SAMPLES, scratch);
  __asm__ volatile("mrs %0, fpcr" : "=r"(after) : : "memory");
  if (after != mode) system_call(EXIT, 4, 0, 0);
  transfer(WRITE, 1, first, sizeof first);
  transfer(WRITE, 1, second, sizeof second);
  system_call(EXIT, code, 0, 0);
}
