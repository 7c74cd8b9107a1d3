/* SPDX-License-Identifier: Apache-2.0 */
/* Runs five steps, saves the memory after three of them, and goes on from there twice. */
#include <stdio.h>
#include <string.h>

#include "k.h"

static _Alignas(64) unsigned char memory[COUNTER_MEMORY_BYTES], saved[COUNTER_MEMORY_BYTES];
static _Alignas(64) unsigned char scratch[COUNTER_SCRATCH_ARRAY_BYTES];

static int is(const float* found, float first, float second) { return found[0] == first && found[1] == second; }

int main(void) {
  const float x[10] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  float sum[10], late[10];
  int round;
  memset(memory, 0xff, sizeof memory);
  counter_reset(memory);
  if (counter_run(x, sum, late, 3, memory, scratch) != 0) return 1;
  if (!is(sum, 11, 22) || !is(sum + 2, 14, 26) || !is(sum + 4, 19, 32)) return 2;
  if (!is(late, 0, 0) || !is(late + 2, 0, 0) || !is(late + 4, 1, 2)) return 3;
  memcpy(saved, memory, sizeof memory);
  for (round = 0; round < 2; ++round) {
    memcpy(memory, saved, sizeof memory);
    if (counter_run(x + 6, sum, late, 2, memory, scratch) != 0) return 4;
    if (!is(sum, 26, 40) || !is(sum + 2, 35, 50) || !is(late, 3, 4) || !is(late + 2, 5, 6)) return 5;
  }
  counter_reset(memory);
  if (counter_run(x, sum, late, 1, memory, scratch) != 0 || !is(sum, 11, 22)) return 6;
  puts("steps are right");
  return 0;
}
