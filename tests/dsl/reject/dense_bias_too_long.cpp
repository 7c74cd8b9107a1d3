// SPDX-License-Identifier: Apache-2.0
// A bias that has more elements than the layer has outputs.
// expect: "mix"
// expect: "f32[5]"
// expect: "f32[6]"
// expect: the bias of dense must be [outputs]
// expect: dense_bias_too_long.cpp:16:
// expect: "dense_bias_too_long.cpp:14"
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 3>("x"), [](auto x) {
  return dense("mix", x, param<f32, 5, 3>("mixing"), param<f32, 6>("offsets"));
});
INLAY_NETWORK(model);
