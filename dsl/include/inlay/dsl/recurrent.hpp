// SPDX-License-Identifier: Apache-2.0
// Layers with memory, which get one step of a sequence at a time: delays, recurrent cells, causal convolutions.
#pragma once

#include "inlay/dsl/rearrange.hpp"
#include "inlay/dsl/state.hpp"
#include "inlay/dsl/windows.hpp"

namespace inlay {

namespace detail {

/// `value` in the shape S, which has as many elements.
template <ShapeType S, Value V>
constexpr auto reshaped(const V& value, const std::source_location& at) {
  const auto from = committed(value);
  from.owner->locate(at);
  return tensor_of_t<S>(*from.owner, from.owner->reshape(from.node, S::dims));
}

}  // namespace detail

/// x of this step and of steps before it: x[...] -> y[Taps, ...], where y[i] is x as it was (Taps - 1 - i) * Dilation
/// steps ago. Before the first step x counts as 0.
template <std::uint32_t Taps, std::uint32_t Dilation = 1, Value V>
constexpr auto history(V&& x, std::source_location at = std::source_location::current()) {
  return detail::apply<op::history, ops::history_attributes{Taps, Dilation}>(std::forward<V>(x), at);
}

/// x as it was `Steps` steps ago, 0 before the first step: x[...] -> y[...].
template <std::uint32_t Steps, Value V>
constexpr auto delay(V&& x, std::source_location at = std::source_location::current()) {
  if constexpr (Steps == 0)
    return detail::committed(std::forward<V>(x));
  else
    return detail::reshaped<shape_type_of<V>>(slice<0, 0, 1>(history<2, Steps>(std::forward<V>(x), at), at), at);
}

namespace detail {

template <std::uint32_t Count>
struct layers_option {};
struct reset_before_t {};
template <class Function>
struct nonlinearity_option {
  Function function;
};
template <class Hidden, class Cell>
struct initial_option {
  Hidden hidden;
  Cell cell;
};

template <class T>
inline constexpr std::uint32_t layers_of = 0;
template <std::uint32_t Count>
inline constexpr std::uint32_t layers_of<layers_option<Count>> = Count;
template <class T>
inline constexpr bool is_nonlinearity = false;
template <class Function>
inline constexpr bool is_nonlinearity<nonlinearity_option<Function>> = true;
template <class T>
inline constexpr bool is_initial = false;
template <class Hidden, class Cell>
inline constexpr bool is_initial<initial_option<Hidden, Cell>> = true;

template <class T>
concept RecurrentOption = std::same_as<T, no_bias_t> || std::same_as<T, reset_before_t> || (layers_of<T> > 0) ||
                          is_nonlinearity<T> || is_initial<T>;

template <class T>
inline constexpr bool is_causal_option = std::same_as<T, no_bias_t>;
template <std::uint32_t... Sizes>
inline constexpr bool is_causal_option<dilation_option<Sizes...>> = true;
template <std::uint32_t Count>
inline constexpr bool is_causal_option<groups_option<Count>> = true;

/// How many layers the options ask for.
template <class... Option>
inline constexpr std::uint32_t layer_count = (0 + ... + layers_of<Option>) == 0 ? 1 : (0 + ... + layers_of<Option>);

/// The activation among the options, or tanh.
template <class V>
constexpr auto nonlinear(V&& x) {
  return tanh(std::forward<V>(x));
}
template <class V, class First, class... Rest>
constexpr auto nonlinear(V&& x, const First& first, const Rest&... rest) {
  if constexpr (is_nonlinearity<First>)
    return first.function(std::forward<V>(x));
  else
    return nonlinear(std::forward<V>(x), rest...);
}

/// The node of the first hidden state (or cell) among the options, or no_node.
constexpr std::uint32_t first_state(graph_builder&, bool) { return no_node; }
template <class First, class... Rest>
constexpr std::uint32_t first_state(graph_builder& b, bool cell, const First& first, const Rest&... rest) {
  if constexpr (is_initial<First>)
    return cell ? commit_to_state(b, first.cell) : commit_to_state(b, first.hidden);
  else
    return first_state(b, cell, rest...);
}

/// The parameters and states of one layer of a recurrent network, with PyTorch's names.
struct recurrent_layer {
  graph_builder& b;
  std::uint32_t index;
  bool with_bias;
  std::uint32_t hidden, cell;  // nodes of the first states, or no_node

  constexpr text<32> named(std::string_view what) const {
    return text<32>(what).append("_l").append(std::uint64_t{index});
  }

  /// weight x + bias for the gates `first` to `first + Gates - 1` of `all`, of `Hidden` features each.
  template <std::uint32_t Hidden, std::uint32_t Gates, Value V>
  constexpr auto product(const V& x, std::string_view of, std::uint32_t all, std::uint32_t first) const {
    const auto input = committed(x);
    const auto inputs = static_cast<std::uint32_t>(shape_type_of<V>::elements);
    std::uint32_t weight =
        b.parameter(named(text<32>("weight_").append(of).view()).view(), {2, {all * Hidden, inputs}});
    std::uint32_t bias =
        with_bias ? b.parameter(named(text<32>("bias_").append(of).view()).view(), {1, {all * Hidden}}) : no_node;
    if (Gates != all) {
      weight = part(weight, first * Hidden, Gates * Hidden);
      if (with_bias) bias = part(bias, first * Hidden, Gates * Hidden);
    }
    text<32> layer = named(of);
    if (Gates != all) layer.append(".").append(std::uint64_t{first});
    return tensor<f32, Gates * Hidden>(b, b.dense(layer.view(), input.node, weight, bias));
  }

  template <std::uint32_t Hidden>
  constexpr auto state(std::string_view what, std::uint32_t initial) const {
    return state_variable<Hidden>(b, b.state(named(what).view(), shape_of<Hidden>, initial));
  }

 private:
  constexpr std::uint32_t part(std::uint32_t weights, std::uint32_t start, std::uint32_t length) const {
    const std::uint32_t operands[] = {weights};
    return b.apply(op::slice, operands, words_of(ops::slice_attributes{0, start, length}));
  }
};

/// Runs `cell(layer, x)` for each layer; the result of one is the next one's x.
template <std::uint32_t Layers, Value V, class Cell>
constexpr auto stacked(recurrent_layer layer, const V& x, const Cell& cell) {
  const auto h = committed(cell(layer, x));
  if constexpr (Layers == 1) {
    return h;
  } else {
    ++layer.index;
    return stacked<Layers - 1>(layer, h, cell);
  }
}

/// A recurrent network of layers made by `cell`, in the scope of its name.
template <Value V, class Cell, class... Option>
constexpr auto recurrent(const layer_name& name, V&& x, const Cell& cell, const Option&... option) {
  constexpr bool is_vector = shape_type_of<V>::dims.rank == 1;
  static_assert(is_vector, "a recurrent layer gets one step of a sequence, a vector: flatten(x) makes one");
  static_assert(layer_count<Option...> == 1 || !(is_initial<Option> || ...),
                "initial_state is for a network of one layer: write several layers one after the other");
  const auto input = committed(std::forward<V>(x));
  if constexpr (!is_vector) {
    return input;
  } else {
    graph_builder& b = *input.owner;
    b.locate(name.at);
    // The first states are the caller's weights, so their names are not in the layer's scope.
    const recurrent_layer first{b, 0, !(std::same_as<Option, no_bias_t> || ...), first_state(b, false, option...),
                                first_state(b, true, option...)};
    b.enter_scope(name.chars);
    const auto h = stacked<layer_count<Option...>>(first, input, cell);
    b.leave_scope();
    return h;
  }
}

}  // namespace detail

/// Options of recurrent layers, in any order after the value. `num_layers<2>`: as many, one after the other, with
/// parameters that end in _l0, _l1, ... as PyTorch's num_layers.
template <std::uint32_t Count>
inline constexpr detail::layers_option<Count> num_layers;
/// The hidden state, and for an LSTM the cell, before the first step, from weights:
/// `initial_state(param<f32, 16>("h0"), param<f32, 16>("c0"))`. Without it they are 0.
template <Value Hidden, Value Cell>
constexpr auto initial_state(const Hidden& hidden, const Cell& cell) {
  static_assert(!Hidden::bound && !Cell::bound, INLAY_ADVICE_STATE_INITIAL);
  return detail::initial_option<Hidden, Cell>{hidden, cell};
}
template <Value Hidden>
constexpr auto initial_state(const Hidden& hidden) {
  static_assert(!Hidden::bound, INLAY_ADVICE_STATE_INITIAL);
  return detail::initial_option<Hidden, detail::zero_state>{hidden, {}};
}
/// The activation of an `rnn`, and of the candidate of an `lstm` or a `gru`, in place of tanh:
/// `nonlinearity([](auto x) { return relu(x); })`.
template <class Function>
constexpr auto nonlinearity(Function function) {
  return detail::nonlinearity_option<Function>{function};
}
/// A `gru` whose reset gate multiplies the hidden state before the matrix: n = tanh(W x + b + U (r h) + c). PyTorch's
/// multiplies after it: n = tanh(W x + b + r (U h + c)).
inline constexpr detail::reset_before_t reset_before;

/// One step of torch.nn.RNN: x[K] -> h[Hidden], h = tanh(W x + b + U h' + c), where h' is h of the step before.
/// Parameters `<name>.weight_ih_l0` [Hidden, K], `.weight_hh_l0` [Hidden, Hidden], `.bias_ih_l0` and `.bias_hh_l0`
/// [Hidden]. Options: num_layers, no_bias, nonlinearity, initial_state.
template <std::uint32_t Hidden, Value V, detail::RecurrentOption... Option>
constexpr auto rnn(detail::layer_name name, V&& x, const Option&... option) {
  return detail::recurrent(
      name, std::forward<V>(x),
      [&](const detail::recurrent_layer& layer, const auto& in) {
        auto h = layer.state<Hidden>("h", layer.hidden);
        h = detail::nonlinear(layer.product<Hidden, 1>(in, "ih", 1, 0) + layer.product<Hidden, 1>(h, "hh", 1, 0),
                              option...);
        return h;
      },
      option...);
}

/// One step of torch.nn.LSTM: x[K] -> h[Hidden]. With the gates i, f, g, o of W x + b + U h' + c in this order:
/// cell = sigmoid(f) * cell' + sigmoid(i) * tanh(g), h = sigmoid(o) * tanh(cell). Parameters `<name>.weight_ih_l0`
/// [4 Hidden, K], `.weight_hh_l0` [4 Hidden, Hidden], `.bias_ih_l0` and `.bias_hh_l0` [4 Hidden]. Options: num_layers,
/// no_bias, nonlinearity (of g and of the cell), initial_state.
template <std::uint32_t Hidden, Value V, detail::RecurrentOption... Option>
constexpr auto lstm(detail::layer_name name, V&& x, const Option&... option) {
  return detail::recurrent(
      name, std::forward<V>(x),
      [&](const detail::recurrent_layer& layer, const auto& in) {
        auto h = layer.state<Hidden>("h", layer.hidden);
        auto cell = layer.state<Hidden>("c", layer.cell);
        const auto sums =
            detail::committed(layer.product<Hidden, 4>(in, "ih", 4, 0) + layer.product<Hidden, 4>(h, "hh", 4, 0));
        const auto [i, f, g, o] = split<0, Hidden>(sums);
        cell = sigmoid(f) * cell + sigmoid(i) * detail::nonlinear(g, option...);
        h = sigmoid(o) * detail::nonlinear(cell, option...);
        return h;
      },
      option...);
}

/// One step of torch.nn.GRU: x[K] -> h[Hidden]. With r, z = sigmoid of their parts of W x + b + U h' + c, and
/// n = tanh(W x + b + r * (U h' + c)): h = (1 - z) * n + z * h'. Parameters `<name>.weight_ih_l0` [3 Hidden, K],
/// `.weight_hh_l0` [3 Hidden, Hidden], `.bias_ih_l0` and `.bias_hh_l0` [3 Hidden], with the gates r, z, n in this
/// order. Options: num_layers, no_bias, nonlinearity (of n), reset_before, initial_state.
template <std::uint32_t Hidden, Value V, detail::RecurrentOption... Option>
constexpr auto gru(detail::layer_name name, V&& x, const Option&... option) {
  return detail::recurrent(
      name, std::forward<V>(x),
      [&](const detail::recurrent_layer& layer, const auto& in) {
        auto h = layer.state<Hidden>("h", layer.hidden);
        const auto of_x = layer.product<Hidden, 3>(in, "ih", 3, 0);
        const auto [xr, xz, xn] = split<0, Hidden>(of_x);
        if constexpr ((std::same_as<Option, detail::reset_before_t> || ...)) {
          const auto of_h = layer.product<Hidden, 2>(h, "hh", 3, 0);
          const auto [hr, hz] = split<0, Hidden>(of_h);
          const auto reset = detail::committed(sigmoid(xr + hr) * h);
          const auto z = detail::committed(sigmoid(xz + hz));
          h = (1 - z) * detail::nonlinear(xn + layer.product<Hidden, 1>(reset, "hh", 3, 2), option...) + z * h;
        } else {
          const auto of_h = layer.product<Hidden, 3>(h, "hh", 3, 0);
          const auto [hr, hz, hn] = split<0, Hidden>(of_h);
          const auto z = detail::committed(sigmoid(xz + hz));
          h = (1 - z) * detail::nonlinear(xn + sigmoid(xr + hr) * hn, option...) + z * h;
        }
        return h;
      },
      option...);
}

/// One step of a causal convolution (torch.nn.Conv1d behind padding of (Length - 1) * dilation zeros on the left):
/// x[C] -> y[Outputs]. It reads x of this step and of steps before it, zeros before the first one. Parameters
/// `<name>.weight` [Outputs, C / groups, Length], whose last tap belongs to this step, and `<name>.bias` [Outputs].
/// Options: dilation<D>, groups<G>, no_bias: `causal_conv1d<16, 3>("conv", x, dilation<4>)`.
template <std::uint32_t Outputs, std::uint32_t Length, Value V, detail::WindowOption... Option>
constexpr auto causal_conv1d(detail::layer_name name, V&& x, const Option&...) {
  using namespace detail;
  constexpr bool fits = shape_type_of<V>::dims.rank == 1;
  static_assert(fits, "causal_conv1d gets one step of a signal, its channels [C]: flatten(x) makes a vector");
  static_assert((is_causal_option<Option> && ...),
                "a causal convolution takes the options dilation<...>, groups<...> and no_bias");
  constexpr window_settings settings = settings_of<true, Option...>();
  const auto input = committed(std::forward<V>(x));
  if constexpr (!fits || !(is_causal_option<Option> && ...)) {
    return input;
  } else {
    constexpr std::uint32_t channels = shape_type_of<V>::dims.sizes[0];
    const auto seen = history<Length, settings.window.dilation_w>(input, name.at);
    graph_builder& b = *input.owner;
    b.locate(name.at);
    if constexpr (settings.groups == 1) {
      // A dense layer on all taps: its weight has the taps before the channels.
      b.enter_scope(name.chars);
      const std::uint32_t weight[] = {b.parameter("weight", shape_of<Outputs, channels, Length>)};
      const std::uint32_t bias = settings.bias ? b.parameter("bias", shape_of<Outputs>) : no_node;
      b.leave_scope();
      const std::uint32_t turned = b.apply(op::transpose, weight, words_of(ops::transpose_attributes{1, 2}));
      const std::uint32_t matrix = b.reshape(turned, shape_of<Outputs, Length * channels>);
      const auto taps = reshaped<sizes<Length * channels>>(seen, name.at);
      return tensor<f32, Outputs>(b, b.dense(name.chars, taps.node, matrix, bias));
    } else {
      constexpr window_settings undilated{.groups = settings.groups, .bias = settings.bias};
      using Weight = sizes<Outputs, channels_of_group(shape_type_of<V>::dims, settings.groups), Length>;
      return reshaped<sizes<Outputs>>(
          named_convolution<op::conv2d, undilated, Outputs, Weight>(name, transpose<0, 1>(seen, name.at)), name.at);
    }
  }
}

/// The exponential moving average of x: y = y' + alpha * (x - y'), where y' is y of the step before, 0 at first.
/// x[...] -> y[...]; alpha is between 0 and 1. The state has the name `name`.
template <Value V>
constexpr auto ema(detail::layer_name name, V&& x, float alpha) {
  const auto input = detail::committed(std::forward<V>(x));
  graph_builder& b = *input.owner;
  b.locate(name.at);
  detail::state_variable_of_t<shape_type_of<V>> y(b, b.state(name.chars, shape_type_of<V>::dims));
  y = y + alpha * (input - y);
  return y;
}

}  // namespace inlay
