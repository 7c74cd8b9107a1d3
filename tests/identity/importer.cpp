// SPDX-License-Identifier: Apache-2.0
// Calls the exported kernels of a shared library, through C++, through C and through a pointer.
#include <inlay/compiled.hpp>

#include "model.hpp"

extern "C" int gain_run(const float*, float*, std::size_t, void*);

int main(int count, char**) {
  inlay::compiled<gain> net;
  constexpr float x[] = {1, 2, 4};
  float y[2], through_c[2], through_pointer[2];
  int (*const volatile pointer)(const float*, float*, std::size_t, void*) = count > 0 ? gain_run : nullptr;
  if (net(x, y) != inlay::status::ok || gain_run(x, through_c, 1, nullptr) != 0) return 2;
  if (pointer(x, through_pointer, 1, nullptr) != 0) return 3;
  return y[0] == 7 && through_c[0] == 7 && through_pointer[0] == 7 ? 0 : 1;
}
