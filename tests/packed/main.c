/* SPDX-License-Identifier: Apache-2.0
 * Packs weights and runs the network from C. */
#include <stdio.h>

#include "model_kernels.h"

static float parameters[CLASSIFIER_PARAMETERS], x[2 * 19], y[2 * 11];
static _Alignas(64) unsigned char block[CLASSIFIER_PACKED_BYTES], scratch[CLASSIFIER_SCRATCH_ARRAY_BYTES];

int main(void) {
  /* With all weights 0, all classes have the same probability. */
  classifier_pack(parameters, block);
  if (classifier_packed_bytes() != sizeof block || classifier_run(x, y, 2, block, scratch) != 0) return 1;
  if (classifier_run(x, y, 2, NULL, scratch) != 1) return 2;
  for (int i = 0; i < 2 * 11; ++i)
    if (y[i] < 0.0909f || y[i] > 0.0910f) return 3;
  puts("every class has the same probability");
  return 0;
}
