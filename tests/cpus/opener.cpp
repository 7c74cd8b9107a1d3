// SPDX-License-Identifier: Apache-2.0
// Opens a shared library that holds the kernels, and calls its run_shipped().
#include <dlfcn.h>

#include <cstdio>

int main(int, char** arguments) {
  void* const library = dlopen(arguments[1], RTLD_NOW | RTLD_GLOBAL);
  if (library == nullptr) return std::printf("%s\n", dlerror()), 2;
  return reinterpret_cast<int (*)()>(dlsym(library, "run_shipped"))();
}
