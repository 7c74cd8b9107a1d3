// SPDX-License-Identifier: Apache-2.0
// Three networks for XOR without weights: two that can learn it, and one without activations that cannot.
#pragma once

#include <inlay/dsl.hpp>

namespace xor_example {

using namespace inlay;

/// 2-4-1 with tanh between the layers.
inline constexpr auto xor_tanh = network(
    "xor_tanh", input<f32, 2>("x"), [](auto x) { return sigmoid(dense<1>("output", tanh(dense<4>("hidden", x)))); });

/// 2-8-1 with relu. A neuron of relu may be 0 for all four corners, and then it learns nothing; so there are more.
inline constexpr auto xor_relu = network(
    "xor_relu", input<f32, 2>("x"), [](auto x) { return sigmoid(dense<1>("output", relu(dense<8>("hidden", x)))); });

/// 2-4-1 with nothing between the layers, which are one layer then.
inline constexpr auto xor_linear = network("xor_linear", input<f32, 2>("x"),
                                           [](auto x) { return sigmoid(dense<1>("output", dense<4>("hidden", x))); });

}  // namespace xor_example
