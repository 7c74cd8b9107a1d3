// SPDX-License-Identifier: Apache-2.0
// A network that multiplies by FACTOR, in a header that needs more constant evaluation than compilers allow by default.
#pragma once
#include <inlay/dsl.hpp>

constexpr int steps(int count) {
  int sum = 0;
  for (int i = 0; i < count; ++i) sum += i & 1;
  return sum;
}
// By default g++ allows 262144 iterations of a loop, clang++ 1048576 steps.
static_assert(steps(600000) == 300000);

#ifdef NEEDS_CXX23
static_assert(__cplusplus > 202002L, "the model is compiled with the features of its target");
#endif

inline constexpr auto times =
    inlay::network("times", inlay::input<inlay::f32, 4>("x"), [](auto x) { return x * float(FACTOR); });
