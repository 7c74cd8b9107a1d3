// SPDX-License-Identifier: Apache-2.0
// Checks that each of two libraries computes with its own weights, FIRST and SECOND. With OPEN, the arguments are
// shared libraries, which are opened so that each sees the symbols of the others.
#include <dlfcn.h>

#include <cstdio>

using gain_function = float(const float*);
#ifndef OPEN
extern "C" gain_function gain_one, gain_two;
#endif

namespace {

bool is(const char* what, gain_function* function, float weight) {
  constexpr float x[] = {1, 2, 4};
  const float found = function == nullptr ? -2 : function(x);
  std::printf("%s: weights %g, expected %g, found %g\n", what, weight, 7 * weight, found);
  return found == 7 * weight;
}

#ifdef OPEN
gain_function* load(const char* path, const char* function) {
  void* library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
  if (library == nullptr) return std::printf("%s\n", dlerror()), nullptr;
  return reinterpret_cast<gain_function*>(dlsym(library, function));
}
#endif

}  // namespace

#ifdef OPEN
int main(int, char** arguments) {
  gain_function* const one = load(arguments[1], "gain_one");
  gain_function* const two = load(arguments[2], "gain_two");
#else
int main() {
  gain_function *const one = gain_one, *const two = gain_two;
#endif
  // & rather than &&, so that both results are printed.
  return is("one", one, FIRST) & is("two", two, SECOND) ? 0 : 1;
}
