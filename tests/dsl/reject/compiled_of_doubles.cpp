// SPDX-License-Identifier: Apache-2.0
// A call of compiled kernels with doubles.
// expect: compiled_of_doubles.cpp:13
#include "inlay/compiled.hpp"
#include "inlay/dsl.hpp"

using namespace inlay;

#include <vector>
constexpr auto model = network("model", input<f32, 2>("x"), [](auto x) { return relu(x); });
int f(std::vector<double>& x, std::vector<float>& y) {
  compiled<model> net;
  return static_cast<int>(net(x, y));
}
