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
