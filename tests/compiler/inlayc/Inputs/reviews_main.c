/* SPDX-License-Identifier: Apache-2.0 */
/* Calls a network with integers and floats, from C or C++. All its weights are 1, so each score is 8 times the age. */
#include "k.h"

int main(void) {
  int32_t tokens[2][20];
  float age[2][8], scores[2][3];
  unsigned char scratch[REVIEWS_SCRATCH_ARRAY_BYTES];
  int i;
  for (i = 0; i < 40; ++i) tokens[i / 20][i % 20] = i * 7 % 100;
  for (i = 0; i < 16; ++i) age[i / 8][i % 8] = (float)(1 + i / 8);
#ifdef WRONG
  if (reviews_run(age[0], age[0], scores[0], 2, scratch) != 0) return 1;
#endif
  if (reviews_run(tokens[0], age[0], scores[0], 2, scratch) != 0) return 1;
  for (i = 0; i < 6; ++i)
    if (scores[i / 3][i % 3] != 8 * age[i / 3][0] + 1) return 2;
  /* Without a row for it, a token makes its own sample NaN and no other. */
  tokens[0][7] = 100;
  if (reviews_run(tokens[0], age[0], scores[0], 2, scratch) != 0) return 3;
  for (i = 0; i < 6; ++i)
    if ((scores[i / 3][i % 3] != scores[i / 3][i % 3]) != (i < 3)) return 4;
  return 0;
}
