/* SPDX-License-Identifier: Apache-2.0 */
/* Packs the weights of two_layers and runs it from C. */
#include <stdio.h>

#include "kernels.h"

static float parameters[TWO_LAYERS_PARAMETERS], x[2 * 4], y[2 * 3];
static _Alignas(64) unsigned char block[TWO_LAYERS_PACKED_BYTES], scratch[TWO_LAYERS_SCRATCH_ARRAY_BYTES];

int main(void) {
  if (two_layers_packed_bytes() != sizeof block) return 1;
  /* Only the biases of the last layer differ from 0, and grow by log(2). */
  for (int i = 0; i < 3; ++i) parameters[80 + i] = 0.69314718f * (float)i;
  two_layers_pack(parameters, block);
  if (two_layers_run(x, y, 2, NULL, scratch) != 1) return 2;
  if (two_layers_run(x, y, 2, block, scratch) != 0) return 3;
  printf("%.4f %.4f %.4f\n", (double)y[3], (double)y[4], (double)y[5]);
  return 0;
}
