// SPDX-License-Identifier: Apache-2.0
// Activations as functions of the DSL, one per row of the activation table, with PyTorch's names and parameters.
#pragma once

#include "inlay/dsl/expression.hpp"

namespace inlay {

/// Accuracy tiers, given per call: `sigmoid(x, fast)`.
inline constexpr accuracy exact = accuracy::exact;
inline constexpr accuracy fast = accuracy::fast;

namespace detail {

template <Value V>
constexpr auto activate(activation function, accuracy tier, const std::source_location& at, V&& x, float p0 = 0,
                        float p1 = 0) {
  return make_expression({.code = scalar_op::apply, .function = function, .tier = tier, .p0 = p0, .p1 = p1}, at,
                         std::forward<V>(x));
}

}  // namespace detail

// Rows without parameters.
#define INLAY_ACTIVATION(name)                                                                                   \
  template <Value V>                                                                                             \
  constexpr auto name(V&& x, accuracy tier = exact, std::source_location at = std::source_location::current()) { \
    return detail::activate(activation::name, tier, at, std::forward<V>(x));                                     \
  }
INLAY_ACTIVATION(relu)
INLAY_ACTIVATION(sigmoid)
INLAY_ACTIVATION(tanh)
INLAY_ACTIVATION(exp)
#undef INLAY_ACTIVATION

/// x itself (torch.nn.Identity).
template <Value V>
constexpr auto identity(V&& x) {
  return detail::capture(std::forward<V>(x));
}

/// x for x >= 0, negative_slope * x below.
template <Value V>
constexpr auto leaky_relu(V&& x, float negative_slope = row_of(activation::leaky_relu).defaults[0],
                          std::source_location at = std::source_location::current()) {
  return detail::activate(activation::leaky_relu, exact, at, std::forward<V>(x), negative_slope);
}

/// log(1 + exp(beta x)) / beta; x itself where beta x > threshold.
template <Value V>
constexpr auto softplus(V&& x, float beta = row_of(activation::softplus).defaults[0],
                        float threshold = row_of(activation::softplus).defaults[1], accuracy tier = exact,
                        std::source_location at = std::source_location::current()) {
  return detail::activate(activation::softplus, tier, at, std::forward<V>(x), beta, threshold);
}

/// The threshold neuron: 1 where x > threshold, else 0.
template <Value V>
constexpr auto step(V&& x, float threshold = row_of(activation::step).defaults[0],
                    std::source_location at = std::source_location::current()) {
  return detail::activate(activation::step, exact, at, std::forward<V>(x), threshold);
}

}  // namespace inlay
