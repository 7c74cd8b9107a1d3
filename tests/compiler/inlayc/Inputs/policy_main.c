/* SPDX-License-Identifier: Apache-2.0
 * Runs the policy for batches of 1 to 70 and compares with its weights file, which holds mean.weight, mean.bias and
 * log_std in this order. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "k.h"

enum { MOST = 70 };
static float x[MOST * 4], mean[MOST * 3], deviation[MOST * 3], raw[MOST * 3], again[MOST * 3], scale[MOST * 2],
    seen[MOST * 4];
static _Alignas(64) unsigned char scratch[POLICY_SCRATCH_BYTES + 64];

static int close_to(double found, double expected) { return fabs(found - expected) <= 1e-6; }

int main(int argc, char** argv) {
  uint64_t header = 0;
  float weights[18];
  FILE* file = argc == 2 ? fopen(argv[1], "rb") : NULL;
  if (file == NULL || fread(&header, 8, 1, file) != 1 || fseek(file, (long)header, SEEK_CUR) != 0 ||
      fread(weights, sizeof(float), 18, file) != 18)
    return 2;
  fclose(file);
  for (int i = 0; i < MOST * 4; ++i) x[i] = (float)(i * 37 % 101) / 50 - 1;
  int wrong = 0;
  for (size_t batch = 1; batch <= MOST; ++batch) {
    for (int i = 0; i < MOST * 3; ++i) mean[i] = deviation[i] = raw[i] = again[i] = -9;
    for (int i = 0; i < MOST * 2; ++i) scale[i] = -9;
    for (int i = 0; i < MOST * 4; ++i) seen[i] = -9;
    if (policy_run(x, mean, deviation, raw, again, scale, seen, batch, scratch) != 0) return 3;
    for (size_t i = 0; i < MOST; ++i) {
      const int inside = i < batch;
      for (size_t j = 0; j < 3; ++j) {
        double sum = weights[12 + j];
        for (size_t k = 0; k < 4; ++k) sum += (double)weights[j * 4 + k] * (double)x[i * 4 + k];
        wrong += !close_to(mean[i * 3 + j], inside ? sum : -9);
        wrong += !close_to(deviation[i * 3 + j], inside ? exp(weights[15 + j]) : -9);
        wrong += raw[i * 3 + j] != (inside ? weights[15 + j] : -9);
        wrong += again[i * 3 + j] != (inside ? weights[15 + j] : -9);
      }
      for (size_t j = 0; j < 2; ++j) wrong += scale[i * 2 + j] != (inside ? (float)(j + 1) : -9);
      for (size_t j = 0; j < 4; ++j) wrong += seen[i * 4 + j] != (inside ? x[i * 4 + j] : -9);
    }
  }
  printf("%d wrong\n", wrong);
  return wrong != 0;
}
