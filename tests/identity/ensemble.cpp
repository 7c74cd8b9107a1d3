// SPDX-License-Identifier: Apache-2.0
// One network with two weights files in one program, which averages their results.
#include <cstdio>
#include <inlay/compiled.hpp>

#include "model.hpp"
#include "model_a_kernels.h"
#include "model_b_kernels.h"

int main() {
  inlay::compiled<gain, "a"> a;
  inlay::compiled<gain, "b"> b;
  constexpr float x[] = {1, 2, 4};
  float ya[2], yb[2], ca[2], cb[2];
  if (a(x, ya) != inlay::status::ok || b(x, yb) != inlay::status::ok) return 2;
  if (gain_a_run(x, ca, 1, nullptr) != 0 || gain_b_run(x, cb, 1, nullptr) != 0) return 3;
  std::printf("a %g %g, b %g %g\n", ya[0], ca[0], yb[0], cb[0]);
  for (int i = 0; i < 2; ++i)
    if (ya[i] != 7 * 1 || ca[i] != 7 * 1 || yb[i] != 7 * 3 || cb[i] != 7 * 3) return 1;
  return (ya[0] + yb[0]) / 2 == 14 ? 0 : 1;
}
