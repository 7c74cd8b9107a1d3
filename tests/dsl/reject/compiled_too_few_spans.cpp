// SPDX-License-Identifier: Apache-2.0
// A call of compiled kernels without the outputs.
// expect: compiled_too_few_spans.cpp:12
#include "inlay/compiled.hpp"
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 2>("x"), [](auto x) { return relu(x); });
int f(std::span<float> x) {
  compiled<model> net;
  return static_cast<int>(net(x));
}
