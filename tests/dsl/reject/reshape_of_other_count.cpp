// SPDX-License-Identifier: Apache-2.0
// A reshape that loses elements.
// expect: "fc"
// expect: "f32[8,8]"
// expect: "f32[60] of fc"
// expect: reshape must keep the number of elements
// expect: reshape_of_other_count.cpp:17:
// expect: "reshape_of_other_count.cpp:15"
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 64>("x"), [](auto x) {
  auto h = dense<60>("fc", x);
  return reshape<8, 8>(h);
});
INLAY_NETWORK(model);
