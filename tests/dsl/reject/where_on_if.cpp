// SPDX-License-Identifier: Apache-2.0
// A choice by the elements of a value, written with ?:.
// expect: instead of if, ?:, && and || use where(condition, yes, no)
// expect: where_on_if.cpp:10
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) {
  auto h = x > 0 ? x : -x;
  return relu(dense<4>("next", h) + 1);
});
INLAY_NETWORK(model);
