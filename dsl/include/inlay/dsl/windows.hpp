// SPDX-License-Identifier: Apache-2.0
// Layers that slide a window over an image or a signal: convolutions, transposed convolutions and pools.
#pragma once

#include "inlay/dsl/layers.hpp"

namespace inlay {

namespace detail {

/// Base of the options of convolutions and pools.
struct window_option {};

template <std::uint32_t... Sizes>
struct stride_option : window_option {};
template <std::uint32_t... Sizes>
struct padding_option : window_option {};
template <std::uint32_t... Sizes>
struct dilation_option : window_option {};
template <std::uint32_t Count>
struct groups_option : window_option {};
template <std::uint32_t... Sizes>
struct output_padding_option : window_option {};
struct same_padding_option : window_option {};
struct ceil_mode_option : window_option {};
struct exclude_pad_option : window_option {};
struct no_option : window_option {};

template <class T>
concept WindowOption = std::derived_from<T, window_option> || std::same_as<T, no_bias_t>;

/// A layer's name, and where it is written.
struct layer_name {
  const char* chars;
  std::source_location at;
  constexpr layer_name(const char* name, std::source_location where = std::source_location::current())
      : chars(name), at(where) {}
};

}  // namespace detail

/// Options of convolutions and pools, in any order after the value: one number for height and width, or one for each.
/// On a signal [channels, length] one number.
template <std::uint32_t... Sizes>
inline constexpr detail::stride_option<Sizes...> stride;
/// The same on both sides, or four numbers: top, left, bottom, right. On a signal also two: before and after.
template <std::uint32_t... Sizes>
inline constexpr detail::padding_option<Sizes...> padding;
template <std::uint32_t... Sizes>
inline constexpr detail::dilation_option<Sizes...> dilation;
template <std::uint32_t Count>
inline constexpr detail::groups_option<Count> groups;
/// Pads a convolution of stride 1 so that the result has the size of the image; if the padding is odd, the larger part
/// comes after the image (padding='same' in PyTorch).
inline constexpr detail::same_padding_option same_padding;
/// What conv_transpose2d adds to the size of its result, below and to the right: one number, or one for the height and
/// one for the width (output_padding in PyTorch).
template <std::uint32_t... Sizes>
inline constexpr detail::output_padding_option<Sizes...> output_padding;
/// The last windows of a pool may end behind the image.
inline constexpr detail::ceil_mode_option ceil_mode;
/// The mean of avg_pool does not count the padding (count_include_pad=False in PyTorch).
inline constexpr detail::exclude_pad_option exclude_pad;

namespace detail {

/// All that options can say. On a signal the height is 1.
struct window_settings {
  ops::window_attributes window{};
  std::uint32_t output_padding_h = 0, output_padding_w = 0;
  std::uint32_t groups = 1;
  bool same = false, ceil = false, include_pad = true, bias = true, has_stride = false;
};

template <bool Signal>
struct set_window {
  window_settings& to;

  template <std::uint32_t... S>
  constexpr void operator()(stride_option<S...>) const {
    to.has_stride = true;
    per_axis<S...>(to.window.stride_h, to.window.stride_w);
  }
  template <std::uint32_t... S>
  constexpr void operator()(dilation_option<S...>) const {
    per_axis<S...>(to.window.dilation_h, to.window.dilation_w);
  }
  template <std::uint32_t... S>
  constexpr void operator()(padding_option<S...>) const {
    constexpr std::uint32_t given[] = {S...};
    constexpr std::size_t count = sizeof...(S);
    static_assert(Signal ? count == 1 || count == 2 : count == 1 || count == 2 || count == 4,
                  "padding takes one number, padding<height, width> or padding<top, left, bottom, right>; on a signal "
                  "one number or padding<before, after>");
    ops::window_attributes& w = to.window;
    if constexpr (Signal)
      w.padding_left = given[0], w.padding_right = given[count - 1];
    else if constexpr (count == 4)
      w.padding_top = given[0], w.padding_left = given[1], w.padding_bottom = given[2], w.padding_right = given[3];
    else
      w.padding_top = w.padding_bottom = given[0], w.padding_left = w.padding_right = given[count - 1];
  }
  template <std::uint32_t... S>
  constexpr void operator()(output_padding_option<S...>) const {
    per_axis<S...>(to.output_padding_h, to.output_padding_w);
  }
  template <std::uint32_t Count>
  constexpr void operator()(groups_option<Count>) const {
    to.groups = Count;
  }
  constexpr void operator()(same_padding_option) const { to.same = true; }
  constexpr void operator()(ceil_mode_option) const { to.ceil = true; }
  constexpr void operator()(exclude_pad_option) const { to.include_pad = false; }
  constexpr void operator()(no_bias_t) const { to.bias = false; }
  constexpr void operator()(no_option) const {}

 private:
  template <std::uint32_t... S>
  static constexpr void per_axis(std::uint32_t& height, std::uint32_t& width) {
    constexpr std::uint32_t given[] = {S...};
    static_assert(Signal ? sizeof...(S) == 1 : sizeof...(S) == 1 || sizeof...(S) == 2,
                  "stride, dilation and output_padding take one number, or one for the height and one for the width");
    if constexpr (!Signal) height = given[0];
    width = given[sizeof...(S) - 1];
  }
};

template <bool Signal, class... Option>
constexpr window_settings settings_of() {
  window_settings settings;
  (set_window<Signal>{settings}(Option{}), ...);
  return settings;
}

/// Padding that keeps the size at stride 1.
constexpr ops::window_attributes padded_alike(ops::window_attributes w, std::uint32_t height, std::uint32_t width) {
  // What does not fit becomes a padding that is too large, which is the builder's to report.
  const auto half = [](std::uint64_t all, bool second) {
    const std::uint64_t part = second ? all - all / 2 : all / 2;
    return part < 0xffffffffu ? static_cast<std::uint32_t>(part) : 0xffffffffu;
  };
  const std::uint64_t rows = std::uint64_t{w.dilation_h} * (height - 1);
  const std::uint64_t columns = std::uint64_t{w.dilation_w} * (width - 1);
  w.padding_top = half(rows, false), w.padding_bottom = half(rows, true);
  w.padding_left = half(columns, false), w.padding_right = half(columns, true);
  return w;
}

template <class Option, class... Accepted>
inline constexpr bool is_one_of = (std::same_as<Option, Accepted> || ...);
template <class Option>
inline constexpr bool pads_output = false;
template <std::uint32_t... Sizes>
inline constexpr bool pads_output<output_padding_option<Sizes...>> = true;

/// A signal [C, L] as an image [C, 1, L].
template <Value V>
constexpr auto as_image(V&& x, const std::source_location& at) {
  using Shape = shape_type_of<V>;
  return reshape<Shape::dims.sizes[0], 1, Shape::dims.sizes[1]>(std::forward<V>(x), at);
}
/// [N, 1, L] as [N, L].
template <Value V>
constexpr auto as_signal(V&& x, const std::source_location& at) {
  using Shape = shape_type_of<V>;
  return reshape<Shape::dims.sizes[0], Shape::dims.sizes[2]>(std::forward<V>(x), at);
}

/// The attributes of a convolution, or of a transposed one, with a weight of this height and width.
template <op Kind, window_settings Settings>
constexpr auto convolution_attributes(std::uint32_t height, std::uint32_t width) {
  if constexpr (Kind == op::conv_transpose2d)
    return ops::conv_transpose2d_attributes{Settings.window, Settings.output_padding_h, Settings.output_padding_w,
                                            Settings.groups};
  else
    return ops::conv2d_attributes{Settings.same ? padded_alike(Settings.window, height, width) : Settings.window,
                                  Settings.groups};
}

/// Adds the convolution of `image` as layer `name`. `weight` and `bias` are nodes of shapes `W` and [outputs].
template <op Kind, window_settings Settings, ShapeType W, Value X>
constexpr auto convolve(const char* name, const X& image, std::uint32_t weight, std::uint32_t bias) {
  constexpr auto attributes = convolution_attributes<Kind, Settings>(W::dims.sizes[2], W::dims.sizes[3]);
  using Rule = result_of_rule<Kind, attributes, shape_type_of<X>, W, no_shape>;
  graph_builder& b = *image.owner;
  const std::uint32_t operands[] = {image.node, weight, bias};
  return tensor_of_t<typename Rule::type>(b, b.apply(Kind, operands, Rule::words, {}, name));
}

/// A convolution whose weights are parameters; `Weight` is their shape in PyTorch's file.
template <op Kind, window_settings Settings, std::uint32_t Outputs, ShapeType Weight, Value V>
constexpr auto named_convolution(const layer_name& name, V&& x) {
  constexpr bool signal = Weight::dims.rank == 3;
  constexpr shape w = Weight::dims;
  const auto input = committed(std::forward<V>(x));
  graph_builder& b = *input.owner;
  b.locate(name.at);
  b.enter_scope(name.chars);
  std::uint32_t weight = b.parameter("weight", w);
  const std::uint32_t bias = Settings.bias ? b.parameter("bias", shape_of<Outputs>) : no_node;
  b.leave_scope();
  if constexpr (signal) {
    weight = b.reshape(weight, shape_of<w.sizes[0], w.sizes[1], 1, w.sizes[2]>);
    return as_signal(convolve<Kind, Settings, sizes<w.sizes[0], w.sizes[1], 1, w.sizes[2]>>(
                         name.chars, as_image(input, name.at), weight, bias),
                     name.at);
  } else {
    return convolve<Kind, Settings, Weight>(name.chars, input, weight, bias);
  }
}

template <class... Option>
constexpr bool are_conv_options() {
  return ((!is_one_of<Option, ceil_mode_option, exclude_pad_option> && !pads_output<Option>) && ...);
}
template <class... Option>
constexpr bool are_transposed_options() {
  return ((!is_one_of<Option, ceil_mode_option, exclude_pad_option, same_padding_option>) && ...);
}
constexpr bool keeps_size(const window_settings& s) {
  return !s.same || (s.window.stride_h == 1 && s.window.stride_w == 1);
}
/// A convolution whose weight is a value; `bias(b)` is a node or no_node.
template <op Kind, window_settings Settings, Value X, Value W>
constexpr auto convolution_of(const layer_name& name, X&& x, W&& weight, auto bias) {
  const auto input = committed(std::forward<X>(x));
  graph_builder& b = *input.owner;
  b.locate(name.at);
  const std::uint32_t w = commit_to(b, std::forward<W>(weight));
  return convolve<Kind, Settings, shape_type_of<W>>(name.chars, input, w, bias(b));
}

template <class... Option>
constexpr bool are_pool_options() {
  return ((!is_one_of<Option, same_padding_option, no_bias_t> && !pads_output<Option>) && ...);
}

/// The channels of one group; at least 1, so that a wrong number of groups is the builder's to report.
constexpr std::uint32_t channels_of_group(const shape& x, std::uint32_t groups) {
  return groups == 0 || x.sizes[0] < groups ? 1 : x.sizes[0] / groups;
}
/// The same for the outputs of a transposed convolution.
constexpr std::uint32_t outputs_of_group(std::uint32_t outputs, std::uint32_t groups) {
  return groups == 0 || outputs < groups ? 1 : outputs / groups;
}
/// The shape rule reports other wrong groups.
constexpr bool divides_outputs(const window_settings& s, std::uint32_t outputs) {
  return s.groups == 0 || outputs % s.groups == 0;
}

}  // namespace detail

#define INLAY_SAME_NEEDS_STRIDE_1 "same_padding needs stride 1"
#define INLAY_CONV_OPTIONS                                                                                   \
  "a convolution takes the options stride<...>, padding<...>, same_padding, dilation<...>, groups<...> and " \
  "no_bias"
#define INLAY_TRANSPOSED_OPTIONS                                                                               \
  "a transposed convolution takes the options stride<...>, padding<...>, output_padding<...>, dilation<...>, " \
  "groups<...> and no_bias"

/// Slides a window over an image (torch.nn.Conv2d): x[C,H,W] -> y[Outputs,OH,OW], parameters `<name>.weight`
/// [Outputs, C / groups, Height, Width] and `<name>.bias` [Outputs]:
/// `conv2d<64, 3>("conv1", x, stride<2>, padding<1>, no_bias)`.
template <std::uint32_t Outputs, std::uint32_t Height, std::uint32_t Width = Height, Value V,
          detail::WindowOption... Option>
constexpr auto conv2d(detail::layer_name name, V&& x, const Option&...) {
  static_assert(detail::are_conv_options<Option...>(), INLAY_CONV_OPTIONS);
  constexpr detail::window_settings settings = detail::settings_of<false, Option...>();
  static_assert(detail::keeps_size(settings), INLAY_SAME_NEEDS_STRIDE_1);
  using Weight = sizes<Outputs, detail::channels_of_group(shape_type_of<V>::dims, settings.groups), Height, Width>;
  return detail::named_convolution<op::conv2d, settings, Outputs, Weight>(name, std::forward<V>(x));
}

/// The same with the weight as a value [outputs, channels / groups, height, width], without a bias.
template <Value X, Value W, detail::WindowOption... Option>
constexpr auto conv2d(detail::layer_name name, X&& x, W&& weight, const Option&...) {
  static_assert(detail::are_conv_options<Option...>(), INLAY_CONV_OPTIONS);
  constexpr detail::window_settings settings = detail::settings_of<false, Option...>();
  static_assert(detail::keeps_size(settings), INLAY_SAME_NEEDS_STRIDE_1);
  return detail::convolution_of<op::conv2d, settings>(name, std::forward<X>(x), std::forward<W>(weight),
                                                      [](graph_builder&) { return no_node; });
}
/// And with the bias as a value [outputs].
template <Value X, Value W, Value B, detail::WindowOption... Option>
constexpr auto conv2d(detail::layer_name name, X&& x, W&& weight, B&& bias, const Option&...) {
  static_assert(detail::are_conv_options<Option...>(), INLAY_CONV_OPTIONS);
  constexpr detail::window_settings settings = detail::settings_of<false, Option...>();
  static_assert(detail::keeps_size(settings), INLAY_SAME_NEEDS_STRIDE_1);
  return detail::convolution_of<op::conv2d, settings>(name, std::forward<X>(x), std::forward<W>(weight),
                                                      [&bias](graph_builder& b) { return detail::commit_to(b, bias); });
}

/// Slides a window over a signal (torch.nn.Conv1d): x[C,L] -> y[Outputs,OL], parameters `<name>.weight`
/// [Outputs, C / groups, Length] and `<name>.bias` [Outputs].
template <std::uint32_t Outputs, std::uint32_t Length, Value V, detail::WindowOption... Option>
constexpr auto conv1d(detail::layer_name name, V&& x, const Option&...) {
  static_assert(detail::are_conv_options<Option...>(), INLAY_CONV_OPTIONS);
  constexpr bool is_signal = shape_type_of<V>::dims.rank == 2;
  static_assert(is_signal, "conv1d needs a signal [channels, length]: reshape<channels, length>");
  constexpr detail::window_settings settings = detail::settings_of<true, Option...>();
  static_assert(detail::keeps_size(settings), INLAY_SAME_NEEDS_STRIDE_1);
  using Weight = sizes<Outputs, detail::channels_of_group(shape_type_of<V>::dims, settings.groups), Length>;
  if constexpr (is_signal)
    return detail::named_convolution<op::conv2d, settings, Outputs, Weight>(name, std::forward<V>(x));
  else
    return detail::committed(std::forward<V>(x));
}

/// Spreads each pixel over a window (torch.nn.ConvTranspose2d): x[C,H,W] -> y[Outputs,OH,OW], parameters
/// `<name>.weight` [C, Outputs / groups, Height, Width] and `<name>.bias` [Outputs]. The height of the result is
/// (H - 1) * stride + dilation * (Height - 1) + 1 + output_padding without the padding above and below:
/// `conv_transpose2d<64, 4>("up1", x, stride<2>, padding<1>)` doubles height and width.
template <std::uint32_t Outputs, std::uint32_t Height, std::uint32_t Width = Height, Value V,
          detail::WindowOption... Option>
constexpr auto conv_transpose2d(detail::layer_name name, V&& x, const Option&...) {
  static_assert(detail::are_transposed_options<Option...>(), INLAY_TRANSPOSED_OPTIONS);
  constexpr detail::window_settings settings = detail::settings_of<false, Option...>();
  static_assert(detail::divides_outputs(settings, Outputs), INLAY_ADVICE_CONV_GROUPS);
  using Weight =
      sizes<shape_type_of<V>::dims.sizes[0], detail::outputs_of_group(Outputs, settings.groups), Height, Width>;
  if constexpr (detail::divides_outputs(settings, Outputs))
    return detail::named_convolution<op::conv_transpose2d, settings, Outputs, Weight>(name, std::forward<V>(x));
  else
    return detail::committed(std::forward<V>(x));
}

/// The same with the weight as a value [channels, outputs / groups, height, width], without a bias.
template <Value X, Value W, detail::WindowOption... Option>
constexpr auto conv_transpose2d(detail::layer_name name, X&& x, W&& weight, const Option&...) {
  static_assert(detail::are_transposed_options<Option...>(), INLAY_TRANSPOSED_OPTIONS);
  return detail::convolution_of<op::conv_transpose2d, detail::settings_of<false, Option...>()>(
      name, std::forward<X>(x), std::forward<W>(weight), [](graph_builder&) { return no_node; });
}
/// And with the bias as a value [outputs].
template <Value X, Value W, Value B, detail::WindowOption... Option>
constexpr auto conv_transpose2d(detail::layer_name name, X&& x, W&& weight, B&& bias, const Option&...) {
  static_assert(detail::are_transposed_options<Option...>(), INLAY_TRANSPOSED_OPTIONS);
  return detail::convolution_of<op::conv_transpose2d, detail::settings_of<false, Option...>()>(
      name, std::forward<X>(x), std::forward<W>(weight),
      [&bias](graph_builder& b) { return detail::commit_to(b, bias); });
}

/// The same on a signal (torch.nn.ConvTranspose1d): x[C,L] -> y[Outputs,OL], parameters `<name>.weight`
/// [C, Outputs / groups, Length] and `<name>.bias` [Outputs].
template <std::uint32_t Outputs, std::uint32_t Length, Value V, detail::WindowOption... Option>
constexpr auto conv_transpose1d(detail::layer_name name, V&& x, const Option&...) {
  static_assert(detail::are_transposed_options<Option...>(), INLAY_TRANSPOSED_OPTIONS);
  constexpr bool is_signal = shape_type_of<V>::dims.rank == 2;
  static_assert(is_signal, "conv_transpose1d needs a signal [channels, length]: reshape<channels, length>");
  constexpr detail::window_settings settings = detail::settings_of<true, Option...>();
  static_assert(detail::divides_outputs(settings, Outputs), INLAY_ADVICE_CONV_GROUPS);
  using Weight = sizes<shape_type_of<V>::dims.sizes[0], detail::outputs_of_group(Outputs, settings.groups), Length>;
  if constexpr (is_signal && detail::divides_outputs(settings, Outputs))
    return detail::named_convolution<op::conv_transpose2d, settings, Outputs, Weight>(name, std::forward<V>(x));
  else
    return detail::committed(std::forward<V>(x));
}

namespace detail {

/// A pool over an image [C,H,W] or a signal [C,L]. Without a stride, windows do not overlap.
template <op Kind, std::uint32_t Height, std::uint32_t Width, class... Option, Value V>
constexpr auto pool(V&& x, const std::source_location& at) {
  constexpr bool signal = shape_type_of<V>::dims.rank == 2;
  constexpr window_settings given = settings_of<signal, Option...>();
  static_assert(
      are_pool_options<Option...>() && given.groups == 1 &&
          (Kind == op::avg_pool ? given.window.dilation_h == 1 && given.window.dilation_w == 1 : given.include_pad),
      "a pool takes the options stride<...>, padding<...> and ceil_mode; max_pool also dilation<...>, "
      "avg_pool also exclude_pad");
  constexpr std::uint32_t height = signal ? 1 : Height;
  constexpr auto window = [&] {
    ops::window_attributes w = given.window;
    if (!given.has_stride) w.stride_h = height, w.stride_w = Width;
    return w;
  }();
  constexpr auto attributes = [&] {
    if constexpr (Kind == op::max_pool)
      return ops::max_pool_attributes{height, Width, window, given.ceil};
    else
      return ops::avg_pool_attributes{height, Width, window, given.ceil, given.include_pad};
  }();
  if constexpr (signal)
    return as_signal(apply<Kind, attributes>(as_image(std::forward<V>(x), at), at), at);
  else
    return apply<Kind, attributes>(std::forward<V>(x), at);
}

}  // namespace detail

/// The largest element of each window (torch.nn.MaxPool2d, MaxPool1d): `max_pool<2>(x)`,
/// `max_pool<3>(x, stride<2>, padding<1>)`. Without a stride the windows lie side by side.
template <std::uint32_t Height, std::uint32_t Width = Height, Value V, detail::WindowOption A = detail::no_option,
          detail::WindowOption B = detail::no_option, detail::WindowOption C = detail::no_option,
          detail::WindowOption D = detail::no_option>
constexpr auto max_pool(V&& x, const A& = {}, const B& = {}, const C& = {}, const D& = {},
                        std::source_location at = std::source_location::current()) {
  return detail::pool<op::max_pool, Height, Width, A, B, C, D>(std::forward<V>(x), at);
}

/// The mean of each window (torch.nn.AvgPool2d, AvgPool1d). It counts the padding, unless told `exclude_pad`.
template <std::uint32_t Height, std::uint32_t Width = Height, Value V, detail::WindowOption A = detail::no_option,
          detail::WindowOption B = detail::no_option, detail::WindowOption C = detail::no_option,
          detail::WindowOption D = detail::no_option>
constexpr auto avg_pool(V&& x, const A& = {}, const B& = {}, const C& = {}, const D& = {},
                        std::source_location at = std::source_location::current()) {
  return detail::pool<op::avg_pool, Height, Width, A, B, C, D>(std::forward<V>(x), at);
}

/// The mean of each channel: x[C,H,W] -> [C,1,1], x[C,L] -> [C,1] (torch.nn.AdaptiveAvgPool2d(1)).
template <Value V>
constexpr auto global_avg_pool(V&& x, std::source_location at = std::source_location::current()) {
  constexpr shape dims = shape_type_of<V>::dims;
  static_assert(dims.rank == 2 || dims.rank == 3,
                "global_avg_pool needs an image [channels, height, width] or a signal [channels, length]");
  return detail::pool < op::avg_pool, dims.sizes[1],
         dims.rank == 3 ? dims.sizes[2] : dims.sizes[1] > (std::forward<V>(x), at);
}

#undef INLAY_SAME_NEEDS_STRIDE_1
#undef INLAY_CONV_OPTIONS
#undef INLAY_TRANSPOSED_OPTIONS

}  // namespace inlay
