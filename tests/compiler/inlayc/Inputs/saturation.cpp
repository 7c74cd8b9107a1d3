// SPDX-License-Identifier: Apache-2.0
// Networks for the saturation report: layers that a large input saturates, and one that reads integers.
#include <inlay/dsl.hpp>
using namespace inlay;

constexpr auto gates = network("gates", input<f32, 4>("pixels"), input<f32, 2>("bias"), [](auto pixels, auto bias) {
  auto h = relu(dense<3>("fc1", pixels));
  return sigmoid(dense<2>("fc2", h) + bias);
});
INLAY_NETWORK(gates);

constexpr auto chooser = network("chooser", input<i32, 2>("tokens"),
                                 [](auto tokens) { return leaky_relu(embedding<5, 3>("table", tokens), 0.2f); });
INLAY_NETWORK(chooser);
