// SPDX-License-Identifier: Apache-2.0
// Error messages for wrong calls. Each function of the DSL has an overload here whose static_assert shows the right
// call. Its arguments all need a conversion, so it is chosen only where no other overload fits.
// (The static_assert's condition is a template parameter: a plain `false` would fail without a call, and compilers add
// notes about a longer condition.)
#pragma once

#include "inlay/dsl/activations.hpp"
#include "inlay/dsl/layers.hpp"
#include "inlay/dsl/network.hpp"
#include "inlay/dsl/norms.hpp"
#include "inlay/dsl/rearrange.hpp"
#include "inlay/dsl/recurrent.hpp"
#include "inlay/dsl/reductions.hpp"
#include "inlay/dsl/resample.hpp"
#include "inlay/dsl/windows.hpp"

namespace inlay {

// Weights, inputs, outputs and networks.
template <auto... Sizes, bool Right = false>
constexpr auto param(detail::anything = {}, detail::anything = {}) {
  static_assert(Right, "weights by name have an element type, sizes and a name: param<f32, 10, 64>(\"name\")");
  return detail::parameter_leaf<sizes<static_cast<std::uint32_t>(Sizes)...>>("misused");
}
template <class T, auto... Sizes, bool Right = false>
constexpr auto param() {
  static_assert(Right, "weights by name need a name: param<f32, 10, 64>(\"name\")");
  return detail::parameter_leaf<sizes<static_cast<std::uint32_t>(Sizes)...>>("misused");
}
template <auto... Sizes, bool Right = false>
constexpr auto input(detail::anything = {}, detail::anything = {}) {
  static_assert(Right, "an input has an element type, sizes and a name: input<f32, 64>(\"pixels\")");
  return input_declaration<f32, sizes<static_cast<std::uint32_t>(Sizes)...>>{"misused", {}};
}
template <class T, auto... Sizes, bool Right = false>
constexpr auto input() {
  static_assert(Right, "an input needs a name: input<f32, 64>(\"pixels\")");
  return input_declaration<f32, sizes<static_cast<std::uint32_t>(Sizes)...>>{"misused", {}};
}
template <auto... Sizes, bool Right = false>
constexpr auto output(detail::anything a = {}, detail::anything b = {}, detail::anything c = {}) {
  static_assert(Right, "output is called as output(\"name\", value)");
  return detail::misused(a, b, c);
}
template <class First, class... Rest, bool Right = false>
  requires(!std::convertible_to<First, detail::network_name>)
constexpr auto network(const First&, const Rest&...) {
  static_assert(Right, "a network needs a name: network(\"name\", input<f32, 4>(\"x\"), function)");
  return detail::misused_network();
}

// Layers.
template <auto... Sizes, bool Right = false>
constexpr auto dense(detail::anything a = {}, detail::anything b = {}, detail::anything c = {}, detail::anything d = {},
                     detail::anything = {}) {
  static_assert(
      Right,
      "dense is called as dense<outputs>(\"name\", x) or dense<outputs>(\"name\", x, no_bias); with a weight, "
      "whose shape says the number of outputs, as dense(\"name\", x, weight) or dense(\"name\", x, weight, bias)");
  return detail::misused(a, b, c, d);
}
template <auto... Sizes, bool Right = false>
constexpr auto embedding(detail::anything a = {}, detail::anything b = {}, detail::anything c = {},
                         detail::anything d = {}) {
  static_assert(Right,
                "embedding is called as embedding<num_embeddings, embedding_dim>(\"name\", x) with x of type i32; with "
                "a weight as embedding(\"name\", x, weight)");
  return detail::misused(a, b, c, d);
}
template <auto... Sizes, bool Right = false>
constexpr auto batch_norm(detail::anything a = {}, detail::anything b = {}, detail::anything c = {},
                          detail::anything = {}) {
  static_assert(Right, "batch_norm is called as batch_norm(\"name\", x) or batch_norm(\"name\", x, eps)");
  return detail::misused(a, b, c);
}
template <auto... Sizes, bool Right = false>
constexpr auto layer_norm(detail::anything a = {}, detail::anything b = {}, detail::anything c = {},
                          detail::anything d = {}, detail::anything = {}) {
  static_assert(
      Right,
      "layer_norm is called as layer_norm(\"name\", x), for more than the last axis as layer_norm<2>(\"name\", "
      "x); no_bias or no_affine and then eps may follow");
  return detail::misused(a, b, c, d);
}
template <auto... Sizes, bool Right = false>
constexpr auto rms_norm(detail::anything a = {}, detail::anything b = {}, detail::anything c = {},
                        detail::anything d = {}, detail::anything = {}) {
  static_assert(Right,
                "rms_norm is called as rms_norm(\"name\", x), for more than the last axis as rms_norm<2>(\"name\", x); "
                "no_affine and then eps may follow");
  return detail::misused(a, b, c, d);
}
template <auto... Sizes, bool Right = false>
constexpr auto group_norm(detail::anything a = {}, detail::anything b = {}, detail::anything c = {},
                          detail::anything d = {}, detail::anything = {}) {
  static_assert(Right, "group_norm is called as group_norm<groups>(\"name\", x); no_affine and then eps may follow");
  return detail::misused(a, b, c, d);
}
template <auto... Sizes, bool Right = false>
constexpr auto instance_norm(detail::anything a = {}, detail::anything b = {}, detail::anything c = {},
                             detail::anything d = {}, detail::anything = {}) {
  static_assert(Right, "instance_norm is called as instance_norm(\"name\", x); with_affine and then eps may follow");
  return detail::misused(a, b, c, d);
}
template <auto... Sizes, bool Right = false>
constexpr auto rnn(detail::anything a = {}, detail::anything b = {}, detail::anything c = {}, detail::anything d = {},
                   detail::anything = {}, detail::anything = {}) {
  static_assert(
      Right,
      "rnn is called as rnn<16>(\"name\", x), for one step of a sequence; the options num_layers<n>, no_bias, "
      "nonlinearity(f) and initial_state(h0) may follow");
  return detail::misused(a, b, c, d);
}
template <auto... Sizes, bool Right = false>
constexpr auto lstm(detail::anything a = {}, detail::anything b = {}, detail::anything c = {}, detail::anything d = {},
                    detail::anything = {}, detail::anything = {}) {
  static_assert(
      Right,
      "lstm is called as lstm<16>(\"name\", x), for one step of a sequence; the options num_layers<n>, no_bias, "
      "nonlinearity(f) and initial_state(h0, c0) may follow");
  return detail::misused(a, b, c, d);
}
template <auto... Sizes, bool Right = false>
constexpr auto gru(detail::anything a = {}, detail::anything b = {}, detail::anything c = {}, detail::anything d = {},
                   detail::anything = {}, detail::anything = {}) {
  static_assert(
      Right,
      "gru is called as gru<16>(\"name\", x), for one step of a sequence; the options num_layers<n>, no_bias, "
      "nonlinearity(f), reset_before and initial_state(h0) may follow");
  return detail::misused(a, b, c, d);
}
template <auto... Sizes, bool Right = false>
constexpr auto causal_conv1d(detail::anything a = {}, detail::anything b = {}, detail::anything c = {},
                             detail::anything d = {}, detail::anything = {}, detail::anything = {}) {
  static_assert(Right,
                "causal_conv1d is called as causal_conv1d<outputs, taps>(\"name\", x), for one step of a signal; the "
                "options dilation<n>, groups<n> and no_bias may follow");
  return detail::misused(a, b, c, d);
}
template <auto... Sizes, bool Right = false>
constexpr auto delay(detail::anything a = {}, detail::anything b = {}, detail::anything c = {}) {
  static_assert(Right, "delay is called with the number of steps in angle brackets: delay<2>(x)");
  return detail::misused(a, b, c);
}
template <auto... Sizes, bool Right = false>
constexpr auto history(detail::anything a = {}, detail::anything b = {}, detail::anything c = {}) {
  static_assert(Right, "history is called as history<taps>(x) or history<taps, dilation>(x)");
  return detail::misused(a, b, c);
}
template <auto... Sizes, bool Right = false>
constexpr auto ema(detail::anything a = {}, detail::anything b = {}, detail::anything c = {}) {
  static_assert(Right, "ema is called as ema(\"name\", x, alpha), where alpha is a number between 0 and 1");
  return detail::misused(a, b, c);
}
template <auto... Sizes, bool Right = false>
constexpr auto softmax(detail::anything a = {}, detail::anything b = {}, detail::anything c = {}) {
  static_assert(Right, "softmax is called as softmax(x) and runs over the last axis");
  return detail::misused(a, b, c);
}
template <auto... Sizes, bool Right = false>
constexpr auto log_softmax(detail::anything a = {}, detail::anything b = {}, detail::anything c = {}) {
  static_assert(Right, "log_softmax is called as log_softmax(x) and runs over the last axis");
  return detail::misused(a, b, c);
}
template <auto... Sizes, bool Right = false>
constexpr auto reshape(detail::anything a = {}, detail::anything b = {}, detail::anything c = {},
                       detail::anything d = {}, detail::anything = {}, detail::anything = {}, detail::anything = {}) {
  static_assert(Right, "reshape is called with the sizes in angle brackets: reshape<8, 8>(x)");
  return detail::misused(a, b, c, d);
}
template <auto... Sizes, bool Right = false>
constexpr auto flatten(detail::anything a = {}, detail::anything b = {}, detail::anything c = {}) {
  static_assert(Right, "flatten is called as flatten(x) and gives one vector");
  return detail::misused(a, b, c);
}
template <auto... Sizes, bool Right = false>
constexpr auto concat(detail::anything a = {}, detail::anything b = {}, detail::anything c = {},
                      detail::anything d = {}, detail::anything = {}, detail::anything = {}, detail::anything = {}) {
  static_assert(Right,
                "concat is called with values only, the axis in angle brackets: concat(a, b) or concat<1>(a, b, c)");
  return detail::misused(a, b, c, d);
}
template <auto... Sizes, bool Right = false>
constexpr auto conv2d(detail::anything a = {}, detail::anything b = {}, detail::anything c = {},
                      detail::anything d = {}, detail::anything = {}, detail::anything = {}, detail::anything = {}) {
  static_assert(
      Right,
      "conv2d is called as conv2d<outputs, kernel>(\"name\", x, options...) with options such as stride<2>, "
      "padding<1> and no_bias; with a weight as conv2d(\"name\", x, weight) or conv2d(\"name\", x, weight, bias)");
  return detail::misused(a, b, c, d);
}
template <auto... Sizes, bool Right = false>
constexpr auto conv1d(detail::anything a = {}, detail::anything b = {}, detail::anything c = {},
                      detail::anything d = {}, detail::anything = {}, detail::anything = {}, detail::anything = {}) {
  static_assert(Right,
                "conv1d is called as conv1d<outputs, kernel>(\"name\", x, options...) with options such as stride<2>, "
                "padding<1> and no_bias");
  return detail::misused(a, b, c, d);
}
template <auto... Sizes, bool Right = false>
constexpr auto conv_transpose2d(detail::anything a = {}, detail::anything b = {}, detail::anything c = {},
                                detail::anything d = {}, detail::anything = {}, detail::anything = {},
                                detail::anything = {}) {
  static_assert(Right,
                "conv_transpose2d is called as conv_transpose2d<outputs, kernel>(\"name\", x, options...) with options "
                "such as stride<2>, padding<1> and output_padding<1>; with a weight as conv_transpose2d(\"name\", x, "
                "weight) or conv_transpose2d(\"name\", x, weight, bias)");
  return detail::misused(a, b, c, d);
}
template <auto... Sizes, bool Right = false>
constexpr auto conv_transpose1d(detail::anything a = {}, detail::anything b = {}, detail::anything c = {},
                                detail::anything d = {}, detail::anything = {}, detail::anything = {},
                                detail::anything = {}) {
  static_assert(Right,
                "conv_transpose1d is called as conv_transpose1d<outputs, kernel>(\"name\", x, options...) with options "
                "such as stride<2>, padding<1> and output_padding<1>");
  return detail::misused(a, b, c, d);
}
template <auto... Sizes, bool Right = false>
constexpr auto max_pool(detail::anything a = {}, detail::anything b = {}, detail::anything c = {},
                        detail::anything d = {}, detail::anything = {}, detail::anything = {}) {
  static_assert(Right,
                "max_pool is called as max_pool<window>(x, options...) with options such as stride<2> and padding<1>");
  return detail::misused(a, b, c, d);
}
template <auto... Sizes, bool Right = false>
constexpr auto avg_pool(detail::anything a = {}, detail::anything b = {}, detail::anything c = {},
                        detail::anything d = {}, detail::anything = {}, detail::anything = {}) {
  static_assert(Right,
                "avg_pool is called as avg_pool<window>(x, options...) with options such as stride<2> and padding<1>");
  return detail::misused(a, b, c, d);
}
template <auto... Sizes, bool Right = false>
constexpr auto global_avg_pool(detail::anything a = {}, detail::anything b = {}, detail::anything c = {}) {
  static_assert(Right, "global_avg_pool is called as global_avg_pool(x)");
  return detail::misused(a, b, c);
}
template <auto... Sizes, bool Right = false>
constexpr auto transpose(detail::anything a = {}, detail::anything b = {}, detail::anything c = {}) {
  static_assert(Right, "transpose is called with two axes in angle brackets: transpose<0, 1>(x)");
  return detail::misused(a, b, c);
}
template <auto... Sizes, bool Right = false>
constexpr auto slice(detail::anything a = {}, detail::anything b = {}, detail::anything c = {},
                     detail::anything d = {}) {
  static_assert(Right, "slice is called with the axis, the start and the length in angle brackets: slice<0, 2, 3>(x)");
  return detail::misused(a, b, c, d);
}
template <auto... Sizes, bool Right = false>
constexpr auto permute(detail::anything a = {}, detail::anything b = {}, detail::anything c = {},
                       detail::anything d = {}, detail::anything = {}, detail::anything = {}, detail::anything = {}) {
  static_assert(Right, "permute is called with the axes in angle brackets: permute<2, 0, 1>(x)");
  return detail::misused(a, b, c, d);
}
template <auto... Sizes, bool Right = false>
constexpr auto split(detail::anything a = {}, detail::anything b = {}, detail::anything c = {},
                     detail::anything d = {}) {
  static_assert(Right,
                "split is called with the axis and the sizes in angle brackets: auto [a, b] = split<0, 8, 24>(x)");
  return detail::misused(a, b, c, d);
}
template <auto... Sizes, bool Right = false>
constexpr auto pad(detail::anything a = {}, detail::anything b = {}, detail::anything c = {}, detail::anything d = {}) {
  static_assert(Right,
                "pad is called with the amounts in angle brackets, two for each axis and the last axis first: "
                "pad<left, right, top, bottom>(x), then a number, reflect, replicate or circular");
  return detail::misused(a, b, c, d);
}
template <auto... Sizes, bool Right = false>
constexpr auto upsample(detail::anything a = {}, detail::anything b = {}, detail::anything c = {},
                        detail::anything d = {}) {
  static_assert(Right,
                "upsample is called with the factor in angle brackets: upsample<2>(x) or upsample<2>(x, bilinear, "
                "align_corners); to a size: interpolate<height, width>(x)");
  return detail::misused(a, b, c, d);
}
template <auto... Sizes, bool Right = false>
constexpr auto interpolate(detail::anything a = {}, detail::anything b = {}, detail::anything c = {},
                           detail::anything d = {}) {
  static_assert(Right,
                "interpolate is called with the size in angle brackets: interpolate<height, width>(x) or "
                "interpolate<height, width>(x, bilinear, align_corners); on a signal interpolate<length>(x)");
  return detail::misused(a, b, c, d);
}
template <auto... Sizes, bool Right = false>
constexpr auto adaptive_avg_pool(detail::anything a = {}, detail::anything b = {}, detail::anything c = {},
                                 detail::anything d = {}) {
  static_assert(Right,
                "adaptive_avg_pool is called with the size of the result in angle brackets: adaptive_avg_pool<7>(x) "
                "or adaptive_avg_pool<7, 5>(x)");
  return detail::misused(a, b, c, d);
}
template <auto... Sizes, bool Right = false>
constexpr auto scope(detail::anything a = {}, detail::anything b = {}, detail::anything c = {}, detail::anything d = {},
                     detail::anything = {}) {
  static_assert(
      Right,
      "scope is called as scope(\"name\", x, [](auto x) { ... }) or scope(\"name\", index, x, [](auto x) { ... })");
  return detail::misused(a, b, c, d);
}

// Reductions.
#define INLAY_MISUSE(name)                                                                                             \
  template <auto... Axes, bool Right = false>                                                                          \
  constexpr auto name(detail::anything a = {}, detail::anything b = {}, detail::anything c = {},                       \
                      detail::anything d = {}) {                                                                       \
    static_assert(Right, #name " is called with its axes in angle brackets, and perhaps keepdim: " #name "(x), " #name \
                               "<0, 1>(x), " #name "<-1>(x, keepdim)");                                                \
    return detail::misused(a, b, c, d);                                                                                \
  }
INLAY_MISUSE(sum)
INLAY_MISUSE(mean)
INLAY_MISUSE(amax)
INLAY_MISUSE(amin)
INLAY_MISUSE(argmax)
#undef INLAY_MISUSE

// Activations.
#define INLAY_MISUSE(name)                                                                       \
  template <auto... Sizes, bool Right = false>                                                   \
  constexpr auto name(detail::anything a = {}, detail::anything b = {}, detail::anything c = {}, \
                      detail::anything d = {}) {                                                 \
    static_assert(Right,                                                                         \
                  "an activation takes a value, then its parameters, "                           \
                  "then its accuracy: " #name "(x)");                                            \
    return detail::misused(a, b, c, d);                                                          \
  }
INLAY_MISUSE(relu)
INLAY_MISUSE(sigmoid)
INLAY_MISUSE(tanh)
INLAY_MISUSE(exp)
INLAY_MISUSE(relu6)
INLAY_MISUSE(selu)
INLAY_MISUSE(gelu)
INLAY_MISUSE(gelu_tanh)
INLAY_MISUSE(silu)
INLAY_MISUSE(swish)
INLAY_MISUSE(mish)
INLAY_MISUSE(hard_sigmoid)
INLAY_MISUSE(hard_swish)
INLAY_MISUSE(log_sigmoid)
INLAY_MISUSE(softsign)
INLAY_MISUSE(log)
INLAY_MISUSE(sqrt)
INLAY_MISUSE(rsqrt)
INLAY_MISUSE(abs)
INLAY_MISUSE(sign)
INLAY_MISUSE(square)
INLAY_MISUSE(reciprocal)
INLAY_MISUSE(sin)
INLAY_MISUSE(cos)
INLAY_MISUSE(erf)
INLAY_MISUSE(leaky_relu)
INLAY_MISUSE(step)
INLAY_MISUSE(elu)
INLAY_MISUSE(celu)
INLAY_MISUSE(softplus)
INLAY_MISUSE(hard_tanh)
INLAY_MISUSE(threshold)
INLAY_MISUSE(clamp)
INLAY_MISUSE(identity)
#undef INLAY_MISUSE
template <auto... Sizes, bool Right = false>
constexpr auto prelu(detail::anything a = {}, detail::anything b = {}, detail::anything c = {}) {
  static_assert(Right, "prelu is called as prelu(x, weight)");
  return detail::misused(a, b, c);
}

/// Functions of <cmath> that the DSL lacks say what to write instead. Without these overloads a call of one would get
/// half a page of candidates that do not fit.
#define INLAY_NO_FUNCTION(name, instead)                       \
  template <class A, class... B, bool Right = false>           \
    requires detail::Operands<A, B...>                         \
  constexpr auto name(A&& a, B&&... b) {                       \
    static_assert(Right, "there is no " #name "(): " instead); \
    return detail::misused(a, b...);                           \
  }
INLAY_NO_FUNCTION(pow, "write square(x), x * x * x or exp(y * log(x))")
INLAY_NO_FUNCTION(fmax, "write maximum(x, y)")
INLAY_NO_FUNCTION(fmin, "write minimum(x, y)")
INLAY_NO_FUNCTION(fabs, "write abs(x)")
INLAY_NO_FUNCTION(fmod, "only + - * / and the activations are known")
INLAY_NO_FUNCTION(exp2, "write exp(x * 0.6931472f)")
INLAY_NO_FUNCTION(expm1, "write exp(x) - 1, or elu(x)")
INLAY_NO_FUNCTION(log2, "write log(x) * 1.442695f")
INLAY_NO_FUNCTION(log10, "write log(x) * 0.4342945f")
INLAY_NO_FUNCTION(log1p, "write log(1 + x), or softplus(x) for log(1 + exp(x))")
INLAY_NO_FUNCTION(tan, "write sin(x) / cos(x)")
INLAY_NO_FUNCTION(sinh, "write (exp(x) - exp(-x)) / 2")
INLAY_NO_FUNCTION(cosh, "write (exp(x) + exp(-x)) / 2")
INLAY_NO_FUNCTION(asin, "only + - * / and the activations are known")
INLAY_NO_FUNCTION(acos, "only + - * / and the activations are known")
INLAY_NO_FUNCTION(atan, "only + - * / and the activations are known")
INLAY_NO_FUNCTION(atan2, "only + - * / and the activations are known")
INLAY_NO_FUNCTION(cbrt, "only + - * / and the activations are known")
INLAY_NO_FUNCTION(hypot, "write sqrt(square(x) + square(y))")
INLAY_NO_FUNCTION(erfc, "write 1 - erf(x)")
INLAY_NO_FUNCTION(floor, "only + - * / and the activations are known")
INLAY_NO_FUNCTION(ceil, "only + - * / and the activations are known")
INLAY_NO_FUNCTION(round, "only + - * / and the activations are known")
INLAY_NO_FUNCTION(trunc, "only + - * / and the activations are known")
#undef INLAY_NO_FUNCTION

}  // namespace inlay
