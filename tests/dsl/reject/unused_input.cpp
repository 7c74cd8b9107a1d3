// SPDX-License-Identifier: Apache-2.0
// An input that no output depends on, though a layer does.
// expect: "context"
// expect: "every input used"
// expect: "context unused"
// expect: an input is not used: use it or remove it
// expect: unused_input.cpp:17:
// expect: "unused_input.cpp:13"
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto model = network("model", input<f32, 8>("used"), input<f32, 4>("context"), [](auto used, auto context) {
  [[maybe_unused]] auto dropped = dense<8>("dropped", context);
  return relu(used);
});
INLAY_NETWORK(model);
