// SPDX-License-Identifier: Apache-2.0
// Networks with many kinds of layers, and with variances among their weights.
#pragma once

#include "inlay/dsl.hpp"

/// Two inputs, three outputs, a residual, a concat and a value made of weights alone.
inline constexpr auto zoo =
    inlay::network("zoo", inlay::input<inlay::f32, 40>("s"), inlay::input<inlay::f32, 12>("a"), [](auto s, auto a) {
      using namespace inlay;
      auto h = relu(batch_norm("bn1", dense<96>("fc1", s)));
      auto g = h + tanh(dense<96>("fc2", h));
      auto k = concat(g, tanh(a));
      auto value = dense<1>("value", k);
      auto policy = softmax(dense<7>("policy", k));
      return outputs(output("v", value), output("p", policy), output("q", a * exp(param<f32, 12>("log_std"))));
    });

/// A chain of layers, each with one input.
inline constexpr auto chain = inlay::network("chain", inlay::input<inlay::f32, 64>("x"), [](auto x) {
  using namespace inlay;
  auto h = gelu(dense<48>("c1", batch_norm("norm", x)));
  return log_softmax(dense<10>("c2", h / sqrt(param<f32, 48>("scale"))));
});

/// Batch norms behind a convolution, a depthwise convolution, a dense layer without a bias and one with it; and behind
/// a layer that has another reader.
inline constexpr auto normed = inlay::network("normed", inlay::input<inlay::f32, 3, 9, 7>("image"), [](auto image) {
  using namespace inlay;
  auto c = relu(batch_norm("bn1", conv2d<8, 3>("c1", image, padding<1>, no_bias)));
  auto d = relu6(batch_norm("bn2", conv2d<8, 3>("c2", c, groups<8>), no_affine, 1e-3f));
  auto h = tanh(batch_norm("bn3", dense<6>("fc1", flatten(d), no_bias)));
  auto shared = dense<6>("fc2", h);
  return batch_norm("bn4", shared) + shared;
});

/// Integers, one table for two layers, and a table whose size is no power of two.
inline constexpr auto reader = inlay::network(
    "reader", inlay::input<inlay::i32, 9>("tokens"), inlay::input<inlay::i32>("kind"), [](auto tokens, auto kind) {
      using namespace inlay;
      auto h = layer_norm("norm", embedding<37, 24>("words", tokens) + param<f32, 9, 24>("positions"));
      auto sum = mean<0>(h) + embedding<3, 24>("kinds", kind);
      return dense("scores", relu(sum), param<f32, 37, 24>("words.weight"));
    });

/// State beside layers, and a batch norm that must not take a state for weights.
inline constexpr auto listener = inlay::network("listener", inlay::input<inlay::f32, 12>("frame"), [](auto frame) {
  using namespace inlay;
  auto h = relu(batch_norm("bn", causal_conv1d<20, 3>("conv", frame)));
  auto old = state<f32, 20>("old", param<f32, 20>("first")).in(frame);
  auto y = dense<3>("out", concat(gru<8>("gru", h), old));
  old = 0.5f * old + h;
  return y;
});
