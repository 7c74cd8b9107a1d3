// SPDX-License-Identifier: Apache-2.0
// Networks that the tests train.
#pragma once

#include <inlay/dsl.hpp>

namespace inlay_test {

using namespace inlay;

inline constexpr auto xor_tanh = network(
    "xor_tanh", input<f32, 2>("x"), [](auto x) { return sigmoid(dense<1>("output", tanh(dense<4>("hidden", x)))); });

inline constexpr auto xor_linear = network("xor_linear", input<f32, 2>("x"),
                                           [](auto x) { return sigmoid(dense<1>("output", dense<4>("hidden", x))); });

inline constexpr auto two_paths = network("two_paths", input<f32, 3>("a"), input<f32, 2>("b"), [](auto a, auto b) {
  auto h = concat(silu(dense<7>("of_a", a)), tanh(dense<5>("of_b", b)));
  return dense<2>("out", h);
});

inline constexpr auto classifier = network(
    "classifier", input<f32, 20>("x"), [](auto x) { return softmax(dense<3>("out", relu(dense<40>("hidden", x)))); });

/// Wide enough that threads divide its layers.
inline constexpr auto wide = network("wide", input<f32, 67>("x"), [](auto x) {
  auto h = layer_norm("norm", tanh(dense<301>("a", x)));
  return dense<5>("c", relu(dense<130>("b", h)));
});

inline constexpr auto normalised = network("normalised", input<f32, 2>("x"), [](auto x) {
  return sigmoid(dense<1>("output", tanh(batch_norm("norm", dense<8>("hidden", x)))));
});

/// Says whether the signs of this step's number and of the one before differ.
inline constexpr auto xor_in_time =
    network("xor_in_time", input<f32, 1>("x"), [](auto x) { return sigmoid(dense<1>("output", gru<8>("memory", x))); });

inline constexpr auto echo =
    network("echo", input<f32, 3>("x"), [](auto x) { return causal_conv1d<4, 5>("conv", x, dilation<2>); });

/// Layers with weight_norm, as torch.nn.utils has it, of which one is read in both directions.
inline constexpr auto lengths = network("lengths", input<f32, 67>("x"), [](auto x) {
  auto v = param<f32, 301, 67>("a.weight_v", x);
  auto w = v * (param<f32, 301, 1>("a.weight_g", x) / sqrt(sum<1>(v * v, keepdim)));
  auto h = tanh(dense("a", x, w, param<f32, 301>("a.bias")));
  return sigmoid(dense<2>("out", dense("back", h, permute<1, 0>(w))));
});

/// A computed weight beside the sums of a batch norm.
inline constexpr auto masked = network("masked", input<f32, 2>("x"), [](auto x) {
  auto w = param<f32, 5, 2>("hidden.weight") * constant<f32, 5, 2>({1, 1, 0, 1, 1, 0, 1, 1, 2, 1});
  return sigmoid(dense<1>("output", tanh(batch_norm("norm", dense("hidden", x, w)))));
});

}  // namespace inlay_test
