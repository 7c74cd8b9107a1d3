// SPDX-License-Identifier: Apache-2.0
// Functions that change the size of an image or a signal: upsample, interpolate and adaptive_avg_pool.
#pragma once

#include "inlay/dsl/windows.hpp"

namespace inlay {

namespace detail {

template <interpolation Mode>
struct interpolation_option {};
template <bool Aligned>
struct corners_option {};

/// An operation on an image, or on a signal as an image of one line.
template <op Kind, auto Attributes, Value V>
constexpr auto apply_to_image(V&& x, const std::source_location& at) {
  if constexpr (shape_type_of<V>::dims.rank == 2)
    return as_signal(apply<Kind, Attributes>(as_image(std::forward<V>(x), at), at), at);
  else
    return apply<Kind, Attributes>(std::forward<V>(x), at);
}

/// The size of an axis after upsampling: the largest whole number that is at most size * factor.
constexpr std::uint32_t resized(std::uint32_t size, double factor) {
  const double all = static_cast<double>(size) * factor;
  return all < 4294967295.0 ? static_cast<std::uint32_t>(all) : 0xffffffffu;
}

template <interpolation Mode, bool Aligned>
constexpr ops::upsample_attributes interpolated_by(const shape& x, double factor_h, double factor_w) {
  ops::upsample_attributes a{.mode = Mode, .align_corners = Aligned};
  const bool signal = x.rank == 2;
  if (x.rank != 2 && x.rank != 3) return a;
  const std::uint32_t height = signal ? 1 : x.sizes[1], width = x.sizes[signal ? 1 : 2];
  a.height = signal ? 1 : resized(height, factor_h), a.width = resized(width, factor_w);
  const auto step = [](std::uint32_t size, std::uint32_t to, double factor) {
    return Aligned ? ops::step_between(size, to, true) : std::bit_cast<std::uint32_t>(static_cast<float>(1 / factor));
  };
  a.step_h = signal ? ops::step_between(1, 1, Aligned) : step(height, a.height, factor_h);
  a.step_w = step(width, a.width, factor_w);
  return a;
}

template <interpolation Mode, bool Aligned>
constexpr ops::upsample_attributes interpolated_to(const shape& x, std::uint32_t to_h, std::uint32_t to_w) {
  ops::upsample_attributes a{.mode = Mode, .align_corners = Aligned};
  const bool signal = x.rank == 2;
  if (x.rank != 2 && x.rank != 3) return a;
  a.height = signal ? 1 : to_h, a.width = to_w;
  // A size of 0 is the builder's to report.
  if (a.height > 0) a.step_h = ops::step_between(signal ? 1 : x.sizes[1], a.height, Aligned);
  if (a.width > 0) a.step_w = ops::step_between(x.sizes[signal ? 1 : 2], a.width, Aligned);
  return a;
}

constexpr bool is_count_for(std::uint32_t rank, std::size_t count) { return count == 1 || (count == 2 && rank == 3); }

}  // namespace detail

/// Options of upsample and interpolate: the nearest pixel, which is the default, or a weighted mean of the two nearest
/// ones along each axis, which PyTorch calls `linear` for a signal.
inline constexpr detail::interpolation_option<interpolation::nearest> nearest;
inline constexpr detail::interpolation_option<interpolation::linear> bilinear;
/// The corner pixels of the image and of the result lie at the same place (align_corners=True in PyTorch). Without it,
/// the edges of both do.
inline constexpr detail::corners_option<true> align_corners;

/// An image or a signal enlarged by a factor, or by one for the height and one for the width (torch.nn.Upsample):
/// `upsample<2>(x)`, `upsample<2, 1.5>(x, bilinear, align_corners)`. A size that is no whole number is rounded down.
template <auto... Factors, Value V, interpolation Mode = interpolation::nearest, bool Aligned = false>
  requires(sizeof...(Factors) > 0)
constexpr auto upsample(V&& x, detail::interpolation_option<Mode> = {}, detail::corners_option<Aligned> = {},
                        std::source_location at = std::source_location::current()) {
  constexpr shape dims = shape_type_of<V>::dims;
  constexpr double factors[] = {static_cast<double>(Factors)...};
  constexpr double first = factors[0], last = factors[sizeof...(Factors) - 1];
  constexpr bool proper = detail::is_count_for(dims.rank, sizeof...(Factors)) && first > 0 && last > 0;
  static_assert(proper || dims.rank < 2 || dims.rank > 3,
                "upsample takes one factor above 0, or one for the height and one for the width of an image");
  static_assert(Mode == interpolation::linear || !Aligned, "align_corners goes with bilinear");
  return detail::apply_to_image<op::upsample, detail::interpolated_by<Mode, Aligned>(dims, first, last)>(
      std::forward<V>(x), at);
}

/// An image or a signal of another size (torch.nn.functional.interpolate): `interpolate<48, 64>(x, bilinear)`; for a
/// signal `interpolate<100>(x, bilinear)`. One number stands for height and width.
template <std::uint32_t... Sizes, Value V, interpolation Mode = interpolation::nearest, bool Aligned = false>
  requires(sizeof...(Sizes) > 0)
constexpr auto interpolate(V&& x, detail::interpolation_option<Mode> = {}, detail::corners_option<Aligned> = {},
                           std::source_location at = std::source_location::current()) {
  constexpr shape dims = shape_type_of<V>::dims;
  constexpr std::uint32_t given[] = {Sizes...};
  constexpr bool proper = detail::is_count_for(dims.rank, sizeof...(Sizes));
  static_assert(proper || dims.rank < 2 || dims.rank > 3,
                "interpolate takes one size, or the height and the width of an image");
  static_assert(Mode == interpolation::linear || !Aligned, "align_corners goes with bilinear");
  return detail::apply_to_image<op::upsample, detail::interpolated_to<Mode, Aligned>(
                                                  dims, given[0], given[sizeof...(Sizes) - 1])>(std::forward<V>(x), at);
}

/// The means of as many parts of an image or a signal as the result has pixels (torch.nn.AdaptiveAvgPool2d, 1d):
/// `adaptive_avg_pool<7>(x)` makes [C,7,7] of x[C,H,W], and [C,7] of x[C,L]. Neighbouring parts overlap where the sizes
/// do not divide.
template <std::uint32_t Height, std::uint32_t Width = Height, Value V>
constexpr auto adaptive_avg_pool(V&& x, std::source_location at = std::source_location::current()) {
  constexpr bool signal = shape_type_of<V>::dims.rank == 2;
  static_assert(!signal || Height == Width, "a signal has one size: adaptive_avg_pool<7>(x)");
  return detail::apply_to_image<op::adaptive_avg_pool, ops::adaptive_avg_pool_attributes{signal ? 1 : Height, Width}>(
      std::forward<V>(x), at);
}

}  // namespace inlay
