/* SPDX-License-Identifier: Apache-2.0 */
/* Runs 1 to 40 streams in calls of two steps and of one step. Each stream counts by another number. */
#include <stdio.h>
#include <string.h>

#include "k.h"

enum { MOST = 40 };
static _Alignas(64) unsigned char memories[MOST][COUNTER_MEMORY_BYTES], scratch[COUNTER_SCRATCH_ARRAY_BYTES];

/* What the counter of a stream shows after so many steps. */
static float expected(size_t voice, size_t steps, size_t element) {
  return (float)(10 * (element + 1) + steps * (voice + element));
}

static int runs(size_t voices, size_t before, size_t steps) {
  static float x[MOST * 2 * 3], sum[MOST * 2 * 3];
  size_t voice, step, element;
  for (voice = 0; voice < voices; ++voice)
    for (step = 0; step < steps; ++step)
      for (element = 0; element < 3; ++element) x[(voice * steps + step) * 3 + element] = (float)(voice + element);
  memset(sum, 0xff, sizeof sum);
  if (counter_run_voices(x, sum, voices, steps, memories, scratch) != 0) return 0;
  for (voice = 0; voice < voices; ++voice)
    for (step = 0; step < steps; ++step)
      for (element = 0; element < 3; ++element)
        if (sum[(voice * steps + step) * 3 + element] != expected(voice, before + step + 1, element)) return 0;
  return 1;
}

int main(void) {
  size_t voices, voice;
  for (voices = 1; voices <= MOST; ++voices) {
    memset(memories, 0xff, sizeof memories);
    for (voice = 0; voice < voices; ++voice) counter_reset(memories[voice]);
    if (!runs(voices, 0, 2) || !runs(voices, 2, 1) || !runs(voices, 3, 2)) {
      printf("%d streams are wrong\n", (int)voices);
      return 1;
    }
  }
  puts("all streams are right");
  return 0;
}
