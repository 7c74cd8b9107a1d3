// SPDX-License-Identifier: Apache-2.0
// Convolutions and pools of the f32 engine. A convolution is a matrix product of Eigen: weights times the pixels under
// each window, side by side.
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>

#include "baseline.hpp"
#include "inlay/operations.hpp"

namespace inlay {
namespace {

using matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Column (i, j) of `columns` gets the pixels under window (i, j) of one channel, one row for each tap.
void unfold(const float* image, const ops::window_axes& axes, std::size_t height, std::size_t width, float* columns) {
  for (std::size_t p = 0; p < axes.h.kernel; ++p)
    for (std::size_t q = 0; q < axes.w.kernel; ++q)
      for (std::size_t i = 0; i < height; ++i) {
        const std::int64_t row = axes.h.position(i, p);
        for (std::size_t j = 0; j < width; ++j) {
          const std::int64_t column = axes.w.position(j, q);
          const bool inside = axes.h.holds(row) && axes.w.holds(column);
          *columns++ =
              inside ? image[static_cast<std::size_t>(row) * axes.w.size + static_cast<std::size_t>(column)] : 0;
        }
      }
}

}  // namespace

void run_conv2d(std::span<const std::uint32_t> attributes, const shape& x_dims, const float* x, const shape& w_dims,
                const float* weight, const float* bias, const shape& dims, float* y) {
  const auto a = read_attributes<ops::conv2d_attributes>(attributes);
  const ops::window_axes axes(a.window, x_dims, w_dims.sizes[2], w_dims.sizes[3]);
  const std::size_t height = dims.sizes[1], width = dims.sizes[2], pixels = height * width;
  const std::size_t channels = w_dims.sizes[1], outputs = w_dims.sizes[0] / a.groups,
                    taps = axes.h.kernel * axes.w.kernel;
  static thread_local std::vector<float> columns;
  columns.resize(channels * taps * pixels);
  const auto index = [](std::size_t n) { return static_cast<Eigen::Index>(n); };
  for (std::size_t group = 0; group < a.groups; ++group) {
    for (std::size_t c = 0; c < channels; ++c)
      unfold(x + (group * channels + c) * axes.h.size * axes.w.size, axes, height, width,
             columns.data() + c * taps * pixels);
    const Eigen::Map<const matrix> w(weight + group * outputs * channels * taps, index(outputs),
                                     index(channels * taps));
    const Eigen::Map<const matrix> under(columns.data(), index(channels * taps), index(pixels));
    Eigen::Map<matrix> result(y + group * outputs * pixels, index(outputs), index(pixels));
    result.noalias() = w * under;
    if (bias != nullptr) result.colwise() += Eigen::Map<const Eigen::VectorXf>(bias + group * outputs, index(outputs));
  }
}

namespace {

/// Adds what each pixel gives to one output: a row of `columns` for each tap, as unfold() has them.
void fold(const float* columns, const ops::window_attributes& a, const shape& x, std::size_t kernel_h,
          std::size_t kernel_w, std::size_t rows, std::size_t width, float* image) {
  for (std::size_t p = 0; p < kernel_h; ++p)
    for (std::size_t q = 0; q < kernel_w; ++q)
      for (std::size_t i = 0; i < x.sizes[1]; ++i) {
        // What lies before the image is far behind it as an unsigned number.
        const std::size_t row = i * a.stride_h + p * a.dilation_h - a.padding_top;
        for (std::size_t j = 0; j < x.sizes[2]; ++j, ++columns) {
          const std::size_t column = j * a.stride_w + q * a.dilation_w - a.padding_left;
          if (row < rows && column < width) image[row * width + column] += *columns;
        }
      }
}

}  // namespace

void run_conv_transpose2d(std::span<const std::uint32_t> attributes, const shape& x_dims, const float* x,
                          const shape& w_dims, const float* weight, const float* bias, const shape& dims, float* y) {
  const auto a = read_attributes<ops::conv_transpose2d_attributes>(attributes);
  const std::size_t rows = dims.sizes[1], width = dims.sizes[2],
                    pixels = std::size_t{x_dims.sizes[1]} * x_dims.sizes[2];
  const std::size_t channels = x_dims.sizes[0] / a.groups, outputs = w_dims.sizes[1],
                    taps = std::size_t{w_dims.sizes[2]} * w_dims.sizes[3];
  for (std::size_t n = 0; n < dims.sizes[0]; ++n)
    std::fill_n(y + n * rows * width, rows * width, bias == nullptr ? 0 : bias[n]);
  const auto index = [](std::size_t n) { return static_cast<Eigen::Index>(n); };
  matrix columns(index(outputs * taps), index(pixels));
  for (std::size_t group = 0; group < a.groups; ++group) {
    const Eigen::Map<const matrix> w(weight + group * channels * outputs * taps, index(channels),
                                     index(outputs * taps));
    const Eigen::Map<const matrix> image(x + group * channels * pixels, index(channels), index(pixels));
    columns.noalias() = w.transpose() * image;
    for (std::size_t n = 0; n < outputs; ++n)
      fold(columns.data() + n * taps * pixels, a.window, x_dims, w_dims.sizes[2], w_dims.sizes[3], rows, width,
           y + (group * outputs + n) * rows * width);
  }
}

namespace {

/// `window(axes, i, j, image)` for every window of every channel.
template <class Attributes, class Window>
void run_windows(const Attributes& a, const shape& x_dims, const float* x, const shape& dims, float* y, Window window) {
  const ops::window_axes axes(a.window, x_dims, a.kernel_h, a.kernel_w);
  for (std::size_t c = 0; c < dims.sizes[0]; ++c, x += axes.h.size * axes.w.size)
    for (std::size_t i = 0; i < dims.sizes[1]; ++i)
      for (std::size_t j = 0; j < dims.sizes[2]; ++j) *y++ = window(axes, i, j, x);
}

}  // namespace

void run_max_pool(std::span<const std::uint32_t> attributes, const shape& x_dims, const float* x, const shape& dims,
                  float* y) {
  run_windows(read_attributes<ops::max_pool_attributes>(attributes), x_dims, x, dims, y,
              [](const ops::window_axes& axes, std::size_t i, std::size_t j, const float* image) {
                float largest = -std::numeric_limits<float>::infinity();
                ops::for_each_pixel(axes, i, j, [&](std::size_t at) {
                  largest = std::isnan(image[at]) || image[at] > largest ? image[at] : largest;
                });
                return largest;
              });
}

void run_avg_pool(std::span<const std::uint32_t> attributes, const shape& x_dims, const float* x, const shape& dims,
                  float* y) {
  const auto a = read_attributes<ops::avg_pool_attributes>(attributes);
  run_windows(a, x_dims, x, dims, y,
              [&](const ops::window_axes& axes, std::size_t i, std::size_t j, const float* image) {
                float sum = 0;
                ops::for_each_pixel(axes, i, j, [&](std::size_t at) { sum += image[at]; });
                const bool pad = a.count_include_pad != 0;
                return sum / static_cast<float>(ops::counted(axes.h, i, pad) * ops::counted(axes.w, j, pad));
              });
}

}  // namespace inlay
