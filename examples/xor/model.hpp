// SPDX-License-Identifier: Apache-2.0
// Two networks for XOR, with the weights in the source: the textbook's threshold network, and a trained, smooth one.
#pragma once

#include <inlay/dsl.hpp>

namespace xor_example {

using namespace inlay;

/// One hidden threshold neuron, which fires only for (1, 1). The output neuron sees it and both inputs.
inline constexpr auto xor_threshold = network("xor_threshold", input<f32, 2>("x"), [](auto x) {
  auto hidden = step(dense("hidden", x, constant<f32, 1, 2>({1, 1})), 1.5f);
  return step(dense("output", concat(x, hidden), constant<f32, 1, 3>({1, 1, -2})), 0.5f);
});

/// 2-8-1 with tanh and sigmoid. A result above 0.5 means true. The weights were found by gradient descent and rounded
/// to multiples of 1/8.
inline constexpr auto xor_smooth = network("xor_smooth", input<f32, 2>("x"), [](auto x) {
  auto hidden = tanh(dense("hidden", x,
                           constant<f32, 8, 2>({
                               +1.875f, -1.125f,  //
                               -2.250f, +2.500f,  //
                               -2.750f, -2.500f,  //
                               -2.625f, +2.500f,  //
                               +2.625f, +2.500f,  //
                               -2.625f, -2.250f,  //
                               +2.750f, -2.250f,  //
                               +2.250f, -3.000f,  //
                           }),
                           constant<f32, 8>({0.625f, 1.125f, 1, -1.375f, -3.875f, 0.875f, 1, -1.125f})));
  return sigmoid(dense("output", hidden,
                       constant<f32, 1, 8>({-0.625f, -1.625f, -1.625f, 1.875f, -2.5f, -1.75f, -1.75f, 2.5f}),
                       constant<f32, 1>({1})));
});

}  // namespace xor_example
