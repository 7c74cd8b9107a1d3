// SPDX-License-Identifier: Apache-2.0
// A call of compiled kernels whose outputs cannot be written.
// expect: compiled_const_output.cpp:13
#include "inlay/compiled.hpp"
#include "inlay/dsl.hpp"

using namespace inlay;

#include <vector>
constexpr auto model = network("model", input<f32, 2>("x"), [](auto x) { return relu(x); });
int f(const std::vector<float>& x) {
  compiled<model> net;
  return static_cast<int>(net(x, x));
}
