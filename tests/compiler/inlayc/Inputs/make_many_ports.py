# SPDX-License-Identifier: Apache-2.0
"""Prints a model (argument `model`) or a C program (`program`) for a network with COUNT inputs of 1 to 3 elements."""
import sys

count = int(sys.argv[2])
sizes = [i % 3 + 1 for i in range(count)]
total = sum(sizes)

if sys.argv[1] == "model":
    inputs = ", ".join(f'input<f32, {size}>("i{i}")' for i, size in enumerate(sizes))
    print(f"""// SPDX-License-Identifier: Apache-2.0
#include "inlay/dsl.hpp"
using namespace inlay;
constexpr auto ones = [] {{ std::array<float, {total}> all{{}}; all.fill(1); return all; }}();
constexpr auto many = network("many", {inputs}, [](auto... x) {{
  auto all = concat(x...);
  return outputs(output("doubled", all * 2), output("sum", dense("sums", all, constant<f32, 1, {total}>(ones))),
                 output("wide", relu(dense<2000>("wide", all))));
}});
INLAY_NETWORK(many);""")
else:
    arguments = ", ".join(f"p[{i}]" for i in range(count + 3))
    print("""/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "k.h"
enum { COUNT = %d, TOTAL = %d, MOST = 70 };
static float *p[COUNT + 3];
static unsigned char scratch[MANY_SCRATCH_ARRAY_BYTES];
static int meetings;
static void serial(void *context, void (*work)(void *, size_t, size_t), void *argument) {
  (void)context, ++meetings;
  for (size_t part = 0; part < 3; ++part) work(argument, part, 3);
}
static const inlay_parallel_for workers = {serial, NULL};
static int run(size_t batch) { return many_run(%s, batch, scratch); }
static int run_parallel(size_t batch, const inlay_parallel_for *with) {
  return many_run_parallel(%s, batch, scratch, with);
}
/* Element k of row `row` of input i. */
static float value(int i, size_t row, int k) { return (float)(i + 1) + (float)row * 0.5f - (float)k; }

static int check(size_t batch, const float *wide) {
  for (size_t row = 0; row < batch; ++row) {
    const float *doubled = p[COUNT] + row * TOTAL;
    float sum = 0;
    for (int i = 0; i < COUNT; ++i)
      for (int k = 0; k <= i %% 3; ++k) {
        sum += value(i, row, k);
        if (*doubled++ != 2 * value(i, row, k)) return 1;
      }
    if (fabsf(p[COUNT + 1][row] - sum) > 1e-5f * fabsf(sum)) return 2;
  }
  for (size_t i = 0; wide && i < batch * 2000; ++i)
    if (fabsf(wide[i] - p[COUNT + 2][i]) > 1e-3f) return 3;
  return 0;
}
static void clear(void) {
  memset(p[COUNT], 0, MOST * TOTAL * 4), memset(p[COUNT + 1], 0, MOST * 4), memset(p[COUNT + 2], 0, MOST * 2000 * 4);
}
int main(void) {
  for (int i = 0; i < COUNT; ++i) {
    const int size = i %% 3 + 1;
    p[i] = malloc(MOST * size * 4);
    for (size_t row = 0; row < MOST; ++row)
      for (int k = 0; k < size; ++k) p[i][row * size + k] = value(i, row, k);
  }
  p[COUNT] = malloc(MOST * TOTAL * 4), p[COUNT + 1] = malloc(MOST * 4), p[COUNT + 2] = malloc(MOST * 2000 * 4);
  float *wide = malloc(MOST * 2000 * 4);
  for (size_t batch = 1; batch <= MOST; batch += 23) {
    clear();
    if (run(batch) != 0 || check(batch, NULL)) return 1;
    memcpy(wide, p[COUNT + 2], batch * 2000 * 4);
    clear();
    if (run_parallel(batch, &workers) != 0 || check(batch, wide)) return 2;
    clear();
    if (run_parallel(batch, NULL) != 0 || check(batch, wide)) return 3;
  }
  if (meetings == 0) return 4;
  for (int i = 0; i < COUNT + 3; ++i) {
    float *kept = p[i];
    p[i] = NULL;
    if (run(1) != 1 || run(2) != 1 || run_parallel(2, &workers) != 1 || run(0) != 0) return 5;
    p[i] = kept;
  }
  return run(1) != 0;
}""" % (count, total, arguments, arguments))
