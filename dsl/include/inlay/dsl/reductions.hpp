// SPDX-License-Identifier: Apache-2.0
// Reductions over axes, with the names of PyTorch.
#pragma once

#include <bit>

#include "inlay/dsl/layers.hpp"

namespace inlay {

struct keepdim_t {};
/// `mean<1, 2>(x, keepdim)`: the axes stay, with size 1 (keepdim=True in PyTorch).
inline constexpr keepdim_t keepdim;

namespace detail {

struct no_keepdim {};
template <class T>
concept ReduceOption = std::same_as<T, keepdim_t> || std::same_as<T, no_keepdim>;

/// The axes of a shape as bits; all of them if none is named. One that does not exist becomes a bit that does not
/// belong to the shape, which is the builder's to report.
template <ShapeType S, int... Axes>
consteval std::uint32_t axes_of() {
  constexpr int rank = static_cast<int>(S::dims.rank);
  if (sizeof...(Axes) == 0) return (1u << rank) - 1;
  std::uint32_t bits = 0;
  for (int axis : std::array<int, sizeof...(Axes)>{Axes...}) {
    const int from_start = axis >= 0 ? axis : axis >= -rank ? axis + rank : -(axis + 1);
    bits |= 1u << (from_start < 31 ? from_start : 31);
  }
  return bits;
}

template <ops::reduction Kind, int... Axes, Value V, ReduceOption Option>
constexpr auto reduce(V&& x, const Option&, const std::source_location& at) {
  constexpr std::uint32_t axes = axes_of<shape_type_of<V>, Axes...>();
  constexpr int limit = static_cast<int>(max_rank);
  constexpr bool are_axes =
      sizeof...(Axes) == 0 || (std::popcount(axes) == sizeof...(Axes) && ((Axes >= -limit && Axes < limit) && ...));
  static_assert(are_axes, "a reduction names each axis once, and axes that exist: sum<0, 2>(x)");
  if constexpr (are_axes)
    return apply<op::reduce, ops::reduce_attributes{Kind, axes, std::same_as<Option, keepdim_t>}>(std::forward<V>(x),
                                                                                                  at);
  else
    return misused(x);
}

}  // namespace detail

/// The sum along axes (torch.sum): `sum<1>(x)`, `sum<-2, -1>(x, keepdim)`. Negative axes count from the end; without
/// axes it is the sum of all elements.
template <int... Axes, Value V, detail::ReduceOption Option = detail::no_keepdim>
constexpr auto sum(V&& x, const Option& option = {}, std::source_location at = std::source_location::current()) {
  return detail::reduce<ops::reduction::sum, Axes...>(std::forward<V>(x), option, at);
}

/// The mean along axes (torch.mean); the axes as in sum().
template <int... Axes, Value V, detail::ReduceOption Option = detail::no_keepdim>
constexpr auto mean(V&& x, const Option& option = {}, std::source_location at = std::source_location::current()) {
  return detail::reduce<ops::reduction::mean, Axes...>(std::forward<V>(x), option, at);
}

/// The largest element along axes; NaN if there is one (torch.amax, and the values of torch.max). The larger of two
/// values is maximum(). The axes as in sum().
template <int... Axes, Value V, detail::ReduceOption Option = detail::no_keepdim>
constexpr auto amax(V&& x, const Option& option = {}, std::source_location at = std::source_location::current()) {
  return detail::reduce<ops::reduction::amax, Axes...>(std::forward<V>(x), option, at);
}

/// The smallest element along axes; NaN if there is one (torch.amin, and the values of torch.min). The smaller of two
/// values is minimum(). The axes as in sum().
template <int... Axes, Value V, detail::ReduceOption Option = detail::no_keepdim>
constexpr auto amin(V&& x, const Option& option = {}, std::source_location at = std::source_location::current()) {
  return detail::reduce<ops::reduction::amin, Axes...>(std::forward<V>(x), option, at);
}

/// The place of the largest element along an axis: of the first one if several are equal, and of the first NaN if there
/// is one (torch.argmax). Along several axes, which torch.argmax does not have, places are counted in row-major order;
/// so argmax(x) is torch.argmax(x). The place is an f32, as every value is: above 2^24 it is rounded. The axes as in
/// sum().
template <int... Axes, Value V, detail::ReduceOption Option = detail::no_keepdim>
constexpr auto argmax(V&& x, const Option& option = {}, std::source_location at = std::source_location::current()) {
  return detail::reduce<ops::reduction::argmax, Axes...>(std::forward<V>(x), option, at);
}

}  // namespace inlay
