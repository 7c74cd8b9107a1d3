// SPDX-License-Identifier: Apache-2.0
// Functions that rearrange the elements of a value or put some around it: permute, split and pad.
#pragma once

#include <tuple>

#include "inlay/dsl/layers.hpp"

namespace inlay {

namespace detail {

/// Whether `axes` are the axes 0, 1, ... of a value of rank `rank` in some order.
template <std::size_t Count>
constexpr bool are_all_axes(const std::array<std::uint32_t, Count>& axes, std::uint32_t rank) {
  if (Count != rank) return false;
  for (std::uint32_t axis = 0; axis < rank; ++axis) {
    bool found = false;
    for (std::uint32_t each : axes) found = found || each == axis;
    if (!found) return false;
  }
  return true;
}

/// Puts axis `Order[i]` of `value` at place i, one exchange of two axes after the other. Those before `Done` are there.
template <std::size_t Done, auto Order, Value V>
constexpr auto ordered(const V& value, const std::source_location& at) {
  if constexpr (Done == Order.size()) {
    return value;
  } else if constexpr (Order[Done] == Done) {
    return ordered<Done + 1, Order>(value, at);
  } else {
    constexpr std::uint32_t done = Done;
    constexpr auto rest = [] {
      auto order = Order;
      for (std::uint32_t& axis : order) axis = axis == done ? Order[Done] : axis;
      return order;
    }();
    return ordered<Done + 1, rest>(apply<op::transpose, ops::transpose_attributes{done, Order[Done]}>(value, at), at);
  }
}

}  // namespace detail

/// The value with its axes in another order (torch.permute): axis i of the result is axis `Axes[i]` of x.
/// `permute<2, 0, 1>(x)` makes an image [channels, height, width] of x[height, width, channels]. Negative axes count
/// from the end.
template <int... Axes, Value V>
  requires(sizeof...(Axes) > 0)
constexpr auto permute(V&& x, std::source_location at = std::source_location::current()) {
  constexpr std::uint32_t rank = shape_type_of<V>::dims.rank;
  constexpr std::array<std::uint32_t, sizeof...(Axes)> axes = {static_cast<std::uint32_t>(Axes) +
                                                               (Axes < 0 ? rank : 0u)...};
  constexpr bool complete = detail::are_all_axes(axes, rank);
  static_assert(complete, "permute names each axis of the value once: permute<2, 0, 1>(x) for a value of rank 3");
  const auto value = detail::committed(std::forward<V>(x));
  if constexpr (complete)
    return detail::ordered<0, axes>(value, at);
  else
    return value;
}

namespace detail {

/// How split cuts an axis of `size` elements: pieces of the given lengths, or as many of one length as there are, of
/// which the last may be shorter.
template <std::size_t Count>
struct pieces {
  std::array<std::uint32_t, Count> starts{}, lengths{};

  constexpr pieces(std::span<const std::uint32_t> given, std::uint32_t size) {
    std::uint32_t start = 0;
    for (std::size_t i = 0; i < Count; ++i) {
      const std::uint32_t length = given.size() > 1 ? given[i] : given[0];
      starts[i] = start, lengths[i] = given.size() > 1 || size - start > length ? length : size - start;
      start += length;
    }
  }
};

constexpr std::size_t count_pieces(std::span<const std::uint32_t> given, std::uint32_t size) {
  if (given.size() > 1) return given.size();
  return given[0] == 0 || given[0] >= size ? 1 : (size - 1) / given[0] + 1;
}

/// Reports lengths that leave elements of the axis over. If they need more elements than there are, slice does.
constexpr void report_rest(graph_builder& b, std::uint32_t node, std::span<const std::uint32_t> given,
                           std::uint32_t axis, std::uint32_t size) {
  std::uint64_t sum = 0;
  for (std::uint32_t each : given) sum += each;
  if (given.size() < 2 || sum >= size) return;
  b.fail({fault::attribute_range,
          violation::text(nearest_name(b.view(), node)),
          numbered("sizes that add up to ", size).append(" (axis ").append(std::uint64_t{axis}).append(")"),
          numbered("a sum of ", sum),
          {}});
}

}  // namespace detail

/// Pieces of an axis (torch.split), for structured bindings: `auto [a, b] = split<0, 8, 24>(x)` makes pieces of 8 and
/// of 24 elements of axis 0. With a single size, `split<0, 8>(x)`, all pieces have that size; the last may be smaller.
template <std::uint32_t Axis, std::uint32_t... Sizes, Value V>
  requires(sizeof...(Sizes) > 0)
constexpr auto split(V&& x, std::source_location at = std::source_location::current()) {
  constexpr shape dims = shape_type_of<V>::dims;
  constexpr std::uint32_t size = Axis < dims.rank ? dims.sizes[Axis] : 1;
  constexpr std::array<std::uint32_t, sizeof...(Sizes)> given = {Sizes...};
  constexpr std::size_t count = detail::count_pieces(given, size);
  constexpr detail::pieces<count> all(given, size);
  const auto value = detail::committed(std::forward<V>(x));
  value.owner->locate(at);
  detail::report_rest(*value.owner, value.node, given, Axis, size);
  return [&]<std::size_t... Piece>(std::index_sequence<Piece...>) {
    return std::tuple{slice<Axis, all.starts[Piece], all.lengths[Piece]>(value, at)...};
  }(std::make_index_sequence<count>());
}

namespace detail {

template <pad_mode Mode>
struct pad_option {};

/// Amounts in the order of PyTorch: before and after the last axis, before and after the one before it, and so on.
template <pad_mode Mode, std::uint32_t Rank, std::uint32_t... Amounts>
constexpr ops::pad_attributes padding_of() {
  constexpr std::uint32_t amounts[] = {Amounts...};
  ops::pad_attributes a{.mode = Mode};
  for (std::uint32_t i = 0; i < sizeof...(Amounts) / 2 && i < Rank; ++i)
    a.low[Rank - 1 - i] = amounts[2 * i], a.high[Rank - 1 - i] = amounts[2 * i + 1];
  return a;
}

template <pad_mode Mode, std::uint32_t... Amounts, Value V>
constexpr auto padded(V&& x, float number, const std::source_location& at) {
  constexpr std::uint32_t rank = shape_type_of<V>::dims.rank;
  constexpr bool paired = sizeof...(Amounts) % 2 == 0 && sizeof...(Amounts) / 2 <= rank;
  static_assert(paired, "pad takes two numbers for each axis, the last axis first: pad<left, right, top, bottom>(x)");
  constexpr ops::pad_attributes attributes = padding_of<Mode, rank, Amounts...>();
  using Rule = result_of_rule<op::pad, attributes, shape_type_of<V>>;
  const auto value = committed(std::forward<V>(x));
  value.owner->locate(at);
  ops::pad_attributes complete = attributes;
  complete.value = std::bit_cast<std::uint32_t>(number);
  const std::uint32_t operands[] = {value.node};
  return tensor_of_t<typename Rule::type>(*value.owner, value.owner->apply(op::pad, operands, words_of(complete)));
}

}  // namespace detail

/// What pad puts around a value instead of a number. `reflect` mirrors the value without repeating the edge,
/// `replicate` repeats the edge, `circular` continues with the other end.
inline constexpr detail::pad_option<pad_mode::reflect> reflect;
inline constexpr detail::pad_option<pad_mode::replicate> replicate;
inline constexpr detail::pad_option<pad_mode::circular> circular;

/// The value with elements around it (torch.nn.functional.pad). The amounts are in PyTorch's order, two for each axis
/// and the last axis first: `pad<left, right, top, bottom>(x)`. Axes without amounts stay as they are. What is added is
/// 0 or another number, `pad<1, 1>(x, -1.0f)`, or comes from the value: `pad<1, 1, 2, 2>(x, reflect)`.
template <std::uint32_t... Amounts, Value V, class Number = float>
  requires(sizeof...(Amounts) > 0 && std::is_arithmetic_v<Number>)
constexpr auto pad(V&& x, Number number = 0, std::source_location at = std::source_location::current()) {
  return detail::padded<pad_mode::constant, Amounts...>(std::forward<V>(x), static_cast<float>(number), at);
}
template <std::uint32_t... Amounts, Value V, pad_mode Mode>
  requires(sizeof...(Amounts) > 0)
constexpr auto pad(V&& x, detail::pad_option<Mode>, std::source_location at = std::source_location::current()) {
  return detail::padded<Mode, Amounts...>(std::forward<V>(x), 0, at);
}

}  // namespace inlay
