// SPDX-License-Identifier: Apache-2.0
// A batch norm without a name.
// expect: batch_norm is called as batch_norm("name", x)
// expect: batch_norm_without_name.cpp:10
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 4>("x"), [](auto x) {
  auto h = batch_norm(x);
  return relu(dense<4>("next", h) + 1);
});
INLAY_NETWORK(model);
