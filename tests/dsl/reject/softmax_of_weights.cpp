// SPDX-License-Identifier: Apache-2.0
// A layer on weights alone, which belong to no network yet.
// expect: this is made of weights alone: a layer, a scope and a variable need a value that depends on an input
// expect: softmax_of_weights.cpp:11:
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) {
  auto mixture = param<f32, 4>("mixture");
  return x * softmax(mixture / 2);
});
INLAY_NETWORK(model);
