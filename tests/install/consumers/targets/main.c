/* SPDX-License-Identifier: Apache-2.0 */
/* Calls a network from C. */
#include "model_kernels.h"

int main(void) {
  const float in[4] = {1, 2, 3, 4};
  float out[4];
  static _Alignas(64) unsigned char scratch[TIMES_SCRATCH_ARRAY_BYTES];
  return times_run(in, out, 1, scratch) == 0 && out[3] == EXPECTED * 4 ? 0 : 1;
}
