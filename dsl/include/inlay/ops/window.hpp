// SPDX-License-Identifier: Apache-2.0
// Windows that slide over an image: what convolutions and pools share.
#pragma once

#include "inlay/ops/operation.hpp"

namespace inlay::ops {

/// How a window slides over the height and the width of an image [channels, height, width]. The image is padded first.
/// `stride` pixels lie between two windows and `dilation` pixels between two taps of one.
struct window_attributes {
  std::uint32_t stride_h = 1, stride_w = 1;
  std::uint32_t padding_top = 0, padding_left = 0, padding_bottom = 0, padding_right = 0;
  std::uint32_t dilation_h = 1, dilation_w = 1;
};

/// The window along one axis.
struct window_axis {
  std::uint64_t size, kernel, stride, dilation, before, after;

  constexpr std::uint64_t padded() const { return size + before + after; }
  constexpr std::uint64_t extent() const { return dilation * (kernel - 1) + 1; }
  constexpr bool fits() const { return kernel > 0 && stride > 0 && dilation > 0 && extent() <= padded(); }
  /// How many windows fit. With `ceil`, the last one may end behind the padded image, if it begins before the padding
  /// that follows the image (PyTorch's ceil_mode).
  constexpr std::uint64_t windows(bool ceil = false) const {
    const std::uint64_t room = padded() - extent();
    if (!ceil) return room / stride + 1;
    const std::uint64_t count = (room + stride - 1) / stride + 1;
    return (count - 1) * stride < size + before ? count : count - 1;
  }
  /// The element that tap `tap` of window `window` reads, or one outside of [0, size).
  constexpr std::int64_t position(std::size_t window, std::size_t tap) const {
    return static_cast<std::int64_t>(window * stride + tap * dilation) - static_cast<std::int64_t>(before);
  }
  constexpr bool holds(std::int64_t at) const { return at >= 0 && static_cast<std::uint64_t>(at) < size; }
};

/// The window's two axes, on an image of rank 3.
struct window_axes {
  window_axis h, w;

  constexpr window_axes(const window_attributes& a, const shape& image, std::uint32_t kernel_h, std::uint32_t kernel_w)
      : h{image.sizes[1], kernel_h, a.stride_h, a.dilation_h, a.padding_top, a.padding_bottom},
        w{image.sizes[2], kernel_w, a.stride_w, a.dilation_w, a.padding_left, a.padding_right} {}
};

/// Calls `each(place)` for the pixels under window (i, j) that are inside of the image, where place is that in the
/// channel's plane.
template <class Each>
constexpr void for_each_pixel(const window_axes& axes, std::size_t i, std::size_t j, Each each) {
  for (std::size_t p = 0; p < axes.h.kernel; ++p)
    for (std::size_t q = 0; q < axes.w.kernel; ++q) {
      const std::int64_t row = axes.h.position(i, p), column = axes.w.position(j, q);
      if (axes.h.holds(row) && axes.w.holds(column))
        each(static_cast<std::size_t>(row) * axes.w.size + static_cast<std::size_t>(column));
    }
}

/// "3x3".
constexpr violation::text window_text(std::uint64_t height, std::uint64_t width) {
  return violation::text().append(height).append("x").append(width);
}

/// Whether an image with its padding, and with what a last window of ceil_mode adds, is small enough for a value.
constexpr bool is_small(std::uint64_t channels, const window_axes& axes, bool ceil) {
  const auto size = [ceil](const window_axis& axis) {
    const std::uint64_t last = (axis.windows(ceil) - 1) * axis.stride + axis.extent();
    return last > axis.padded() ? last : axis.padded();
  };
  const std::uint64_t height = size(axes.h), width = size(axes.w);
  if (height > max_elements || width > max_elements) return false;
  return height * width <= max_elements && channels * (height * width) <= max_elements;
}

/// Sets height and width of the result, or says that the window does not fit.
constexpr inferred& slide(inferred& y, const window_axes& axes, std::uint64_t channels, bool ceil = false) {
  if (!axes.h.fits() || !axes.w.fits()) {
    const bool proper = axes.h.kernel > 0 && axes.w.kernel > 0 && axes.h.stride > 0 && axes.w.stride > 0 &&
                        axes.h.dilation > 0 && axes.w.dilation > 0;
    if (!proper) return y.breaks(fault::window_size, violation::text("sizes of at least 1"), violation::text("0"));
    return y.breaks(fault::window_size, window_text(axes.h.extent(), axes.w.extent()).append(" or more"),
                    window_text(axes.h.padded(), axes.w.padded()));
  }
  if (!is_small(channels, axes, ceil))
    return y.breaks(fault::window_size, violation::text("less than 2^31 padded elements"),
                    window_text(axes.h.padded(), axes.w.padded()));
  const auto size = [](std::uint64_t windows) {  // what does not fit is too large for a value, which is another rule
    return windows < 0xffffffffu ? static_cast<std::uint32_t>(windows) : 0xffffffffu;
  };
  y.dims.sizes[1] = size(axes.h.windows(ceil)), y.dims.sizes[2] = size(axes.w.windows(ceil));
  return y;
}

}  // namespace inlay::ops
