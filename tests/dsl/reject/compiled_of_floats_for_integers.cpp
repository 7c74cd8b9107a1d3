// SPDX-License-Identifier: Apache-2.0
// A call of compiled kernels with floats for an i32 input.
// expect: compiled_of_floats_for_integers.cpp:14
#include "inlay/compiled.hpp"
#include "inlay/dsl.hpp"

using namespace inlay;

#include <vector>
constexpr auto model =
    network("model", input<i32, 2>("tokens"), [](auto tokens) { return embedding<10, 8>("words", tokens); });
int f(std::vector<float>& tokens, std::vector<float>& y) {
  compiled<model> net;
  return static_cast<int>(net(tokens, y));
}
