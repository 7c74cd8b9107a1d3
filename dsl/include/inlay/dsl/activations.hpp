// SPDX-License-Identifier: Apache-2.0
// Activations as functions of the DSL, one per row of the activation table, with PyTorch's names and parameters.
#pragma once

#include "inlay/dsl/expression.hpp"

namespace inlay {

/// Accuracy tiers, given per call: `sigmoid(x, fast)`.
inline constexpr accuracy exact = accuracy::exact;
inline constexpr accuracy fast = accuracy::fast;
inline constexpr accuracy approximate = accuracy::approximate;

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
INLAY_ACTIVATION(relu6)
INLAY_ACTIVATION(selu)
INLAY_ACTIVATION(gelu)
INLAY_ACTIVATION(gelu_tanh)
INLAY_ACTIVATION(silu)
INLAY_ACTIVATION(mish)
INLAY_ACTIVATION(hard_sigmoid)
INLAY_ACTIVATION(hard_swish)
INLAY_ACTIVATION(log_sigmoid)
INLAY_ACTIVATION(softsign)
INLAY_ACTIVATION(log)
INLAY_ACTIVATION(sqrt)
INLAY_ACTIVATION(rsqrt)
INLAY_ACTIVATION(abs)
INLAY_ACTIVATION(sign)
INLAY_ACTIVATION(square)
INLAY_ACTIVATION(reciprocal)
INLAY_ACTIVATION(sin)
INLAY_ACTIVATION(cos)
INLAY_ACTIVATION(erf)
#undef INLAY_ACTIVATION

// Rows with one or two parameters. They come before the tier; leaving them out gives the table's defaults.
#define INLAY_ACTIVATION_OF_TIER(name)                                                                            \
  template <Value V>                                                                                              \
  constexpr auto name(V&& x, accuracy tier, std::source_location at = std::source_location::current()) {          \
    return detail::activate(activation::name, tier, at, std::forward<V>(x), row_of(activation::name).defaults[0], \
                            row_of(activation::name).defaults[1]);                                                \
  }
#define INLAY_ACTIVATION(name, parameter)                                                                   \
  template <Value V>                                                                                        \
  constexpr auto name(V&& x, float parameter = row_of(activation::name).defaults[0], accuracy tier = exact, \
                      std::source_location at = std::source_location::current()) {                          \
    return detail::activate(activation::name, tier, at, std::forward<V>(x), parameter);                     \
  }                                                                                                         \
  INLAY_ACTIVATION_OF_TIER(name)
INLAY_ACTIVATION(leaky_relu, negative_slope)
INLAY_ACTIVATION(step, threshold)  // the threshold neuron
INLAY_ACTIVATION(elu, alpha)
INLAY_ACTIVATION(celu, alpha)
#undef INLAY_ACTIVATION
#define INLAY_ACTIVATION(name, first, second)                                                     \
  template <Value V>                                                                              \
  constexpr auto name(V&& x, float first = row_of(activation::name).defaults[0],                  \
                      float second = row_of(activation::name).defaults[1], accuracy tier = exact, \
                      std::source_location at = std::source_location::current()) {                \
    return detail::activate(activation::name, tier, at, std::forward<V>(x), first, second);       \
  }                                                                                               \
  INLAY_ACTIVATION_OF_TIER(name)
INLAY_ACTIVATION(softplus, beta, threshold)
INLAY_ACTIVATION(hard_tanh, min_val, max_val)
INLAY_ACTIVATION(threshold, threshold_value, value)
INLAY_ACTIVATION(clamp, min, max)
#undef INLAY_ACTIVATION
#undef INLAY_ACTIVATION_OF_TIER

/// Given to step() or sign(), whose derivative is 0 everywhere: a training step then takes it for 1 up to 1 from the
/// jump and for 0 beyond, as if the function were hard_tanh there (the straight-through estimator of Bengio, Leonard
/// and Courville 2013, as Hubara et al. 2016 use it). The values stay the same: `step(x, straight_through)`.
struct straight_through_t {};
inline constexpr straight_through_t straight_through{};

template <Value V>
constexpr auto step(V&& x, float threshold, straight_through_t, accuracy tier = exact,
                    std::source_location at = std::source_location::current()) {
  return detail::activate(activation::step, tier, at, std::forward<V>(x), threshold, 1);
}
template <Value V>
constexpr auto step(V&& x, straight_through_t, accuracy tier = exact,
                    std::source_location at = std::source_location::current()) {
  return detail::activate(activation::step, tier, at, std::forward<V>(x), row_of(activation::step).defaults[0], 1);
}
template <Value V>
constexpr auto sign(V&& x, straight_through_t, accuracy tier = exact,
                    std::source_location at = std::source_location::current()) {
  return detail::activate(activation::sign, tier, at, std::forward<V>(x), 1);
}

/// silu by its other name.
template <Value V>
constexpr auto swish(V&& x, accuracy tier = exact, std::source_location at = std::source_location::current()) {
  return silu(std::forward<V>(x), tier, at);
}

namespace detail {

/// [C, 1, ..., 1] for a value [C, ...].
template <ShapeType S>
struct channels_of {
  static constexpr shape dims = [] {
    shape channels = S::dims;
    for (std::uint32_t axis = 1; axis < channels.rank; ++axis) channels.sizes[axis] = 1;
    return channels;
  }();
  using type = typename sizes_type<dims>::type;
};

}  // namespace detail

/// x where x > 0, else weight * x (torch.nn.PReLU). The weight has one element, or [C] for a value [C, ...], one for
/// each channel: `prelu(x, param<f32, 64>("act.weight"))`. A weight of higher rank is broadcast.
template <Value V, Value W>
constexpr auto prelu(V&& x, W&& weight) {
  constexpr shape dims = shape_type_of<V>::dims, of_weight = shape_type_of<W>::dims;
  constexpr bool per_channel = of_weight.rank == 1 && of_weight.sizes[0] > 1 && dims.rank > 1;
  static_assert(!per_channel || of_weight.sizes[0] == dims.sizes[0],
                "the weight of prelu has one element, or one for each channel");
  const auto value = detail::committed(std::forward<V>(x));
  if constexpr (per_channel && of_weight.sizes[0] == dims.sizes[0]) {
    using Channels = typename detail::channels_of<shape_type_of<V>>::type;
    graph_builder& b = *value.owner;
    const detail::tensor_of_t<Channels> slope(b,
                                              b.reshape(detail::commit_to(b, std::forward<W>(weight)), Channels::dims));
    return where(value > 0, value, slope * value);
  } else {
    return where(value > 0, value, std::forward<W>(weight) * value);
  }
}

/// x itself (torch.nn.Identity).
template <Value V>
constexpr auto identity(V&& x) {
  return detail::capture(std::forward<V>(x));
}

}  // namespace inlay
