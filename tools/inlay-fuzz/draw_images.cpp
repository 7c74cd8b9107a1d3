// SPDX-License-Identifier: Apache-2.0
// Draws the operations on images.
#include "drawer.hpp"

#include <algorithm>
#include <bit>

namespace inlay::fuzz {

std::uint32_t drawer::image() {
  for (int tries = 0; tries < 3; ++tries)
    if (const std::uint32_t v = take(); dims(v).rank == 3) return v;
  const std::uint32_t x = take();
  shape s{3, {1, 1, elements(x)}};
  for (std::uint32_t axis = 2; axis > 0; --axis)
    for (std::uint32_t tries = 0; tries < 2; ++tries) {
      const std::uint32_t divisor = 1 + random_.pick(12);
      if (s.sizes[axis] % divisor == 0) s.sizes[axis] /= divisor, s.sizes[axis - 1] *= divisor;
    }
  return value({.kind = op::reshape, .dims = s, .operands = {x}});
}

ops::window_attributes drawer::window(const shape& image, std::uint32_t& kernel_h, std::uint32_t& kernel_w, bool wide) {
  ops::window_attributes a;
  const auto axis = [&](std::uint32_t size, std::uint32_t& kernel, std::uint32_t& stride, std::uint32_t& dilation,
                        std::uint32_t& before, std::uint32_t& after) {
    stride = random_.chance(50) ? 1 : 1 + random_.pick(3);
    dilation = random_.chance(80) ? 1 : 1 + random_.pick(3);
    const std::uint32_t most = wide ? kernel : kernel / 2;
    if (random_.chance(50))
      before = random_.pick(most + 1), after = random_.chance(70) ? before : random_.pick(most + 1);
    while (kernel > 1 && dilation * (kernel - 1) + 1 > size + before + after) {
      --kernel;
      if (!wide) before = std::min(before, kernel / 2), after = std::min(after, kernel / 2);
    }
  };
  axis(image.sizes[1], kernel_h, a.stride_h, a.dilation_h, a.padding_top, a.padding_bottom);
  axis(image.sizes[2], kernel_w, a.stride_w, a.dilation_w, a.padding_left, a.padding_right);
  return a;
}

std::uint32_t drawer::windowed(step s) {
  const inferred rule = net_.infer(s);
  if (rule.code != fault::none || rule.dims.elements() > settings_.most_elements) return s.operands[0];
  s.dims = rule.dims;
  return value(std::move(s));
}

std::uint32_t drawer::conv2d() {
  const std::uint32_t x = image();
  const std::uint32_t channels = dims(x).sizes[0];
  ops::conv2d_attributes a;
  std::uint32_t kernel_h = 1 + random_.pick(5), kernel_w = 1 + random_.pick(5);
  a.window = window(dims(x), kernel_h, kernel_w, true);
  std::uint32_t outputs = random_.chance(40) ? 1 + random_.pick(20) : width() % 40 + 1;
  if (const unsigned kind = random_.pick(100); kind < 20)
    a.groups = outputs = channels;
  else if (kind < 35)
    for (std::uint32_t divisor = 2; divisor <= channels && divisor < 6; ++divisor)
      if (channels % divisor == 0) a.groups = divisor;
  const std::uint32_t depth = channels / a.groups * kernel_h * kernel_w;
  if (a.groups != channels || outputs != channels) {
    outputs = std::max(1u, std::min(outputs, most_weights_ / depth));
    outputs = std::max(1u, outputs / a.groups) * a.groups;
  }
  const std::string name = "conv" + std::to_string(net_.steps.size());
  const shape wanted{4, {outputs, channels / a.groups, kernel_h, kernel_w}};
  const std::uint32_t weight =
      random_.chance(4) && wanted.elements() <= 64 ? constant(wanted) : parameter(name + ".weight", wanted);
  const std::uint32_t bias = random_.chance(30) ? no_node : parameter(name + ".bias", vector(outputs));
  return windowed(
      {.kind = op::conv2d, .dims = {}, .name = name, .operands = {x, weight, bias}, .attributes = words(a)});
}

std::uint32_t drawer::conv_transpose2d() {
  const std::uint32_t x = image(), channels = dims(x).sizes[0];
  ops::conv_transpose2d_attributes a;
  std::uint32_t groups = 1;
  if (const unsigned kind = random_.pick(100); kind < 10)
    groups = channels;
  else if (kind < 25)
    for (std::uint32_t divisor = 2; divisor <= channels && divisor < 6; ++divisor)
      if (channels % divisor == 0) groups = divisor;
  a.groups = groups;
  std::uint32_t kernel_h = 1 + random_.pick(5), kernel_w = 1 + random_.pick(5);
  const auto axis = [&](std::uint32_t kernel, std::uint32_t& stride, std::uint32_t& dilation, std::uint32_t& before,
                        std::uint32_t& after, std::uint32_t& output_padding) {
    stride = random_.chance(30) ? 1 : random_.chance(60) ? 2 : 1 + random_.pick(5);
    dilation = random_.chance(80) ? 1 : 1 + random_.pick(3);
    const std::uint32_t most = dilation * (kernel - 1) + (random_.chance(10) ? 3 : 0);
    if (random_.chance(60))
      before = random_.pick(most + 1), after = random_.chance(70) ? before : random_.pick(most + 1);
    if (random_.chance(30)) output_padding = random_.pick(std::max(stride, dilation));
  };
  ops::window_attributes& w = a.window;
  axis(kernel_h, w.stride_h, w.dilation_h, w.padding_top, w.padding_bottom, a.output_padding_h);
  axis(kernel_w, w.stride_w, w.dilation_w, w.padding_left, w.padding_right, a.output_padding_w);
  // As an ordinary convolution the layer has more weights.
  const std::uint32_t most = most_weights_ / (channels * kernel_h * kernel_w * w.stride_h * w.stride_w);
  std::uint32_t outputs = random_.chance(40) ? 1 + random_.pick(20) : width() % 40 + 1;
  if (groups == channels && random_.chance(60)) outputs = channels;
  outputs = std::max(1u, std::min(outputs, most) / groups);
  const std::string name = "up" + std::to_string(net_.steps.size());
  const shape wanted{4, {channels, outputs, kernel_h, kernel_w}};
  const std::uint32_t weight =
      random_.chance(4) && wanted.elements() <= 64 ? constant(wanted) : parameter(name + ".weight", wanted);
  const std::uint32_t bias = random_.chance(30) ? no_node : parameter(name + ".bias", vector(outputs * groups));
  return windowed(
      {.kind = op::conv_transpose2d, .dims = {}, .name = name, .operands = {x, weight, bias}, .attributes = words(a)});
}

std::uint32_t drawer::max_pool() {
  const std::uint32_t x = image();
  ops::max_pool_attributes a;
  a.kernel_h = 1 + random_.pick(4), a.kernel_w = 1 + random_.pick(4);
  a.window = window(dims(x), a.kernel_h, a.kernel_w, false);
  a.ceil_mode = random_.chance(30);
  return windowed({.kind = op::max_pool, .dims = {}, .operands = {x}, .attributes = words(a)});
}

std::uint32_t drawer::avg_pool() {
  const std::uint32_t x = image();
  ops::avg_pool_attributes a;
  a.kernel_h = 1 + random_.pick(random_.chance(20) ? 9 : 4), a.kernel_w = 1 + random_.pick(random_.chance(20) ? 9 : 4);
  a.window = window(dims(x), a.kernel_h, a.kernel_w, false);
  a.window.dilation_h = a.window.dilation_w = 1;
  a.ceil_mode = random_.chance(30), a.count_include_pad = random_.chance(50);
  return windowed({.kind = op::avg_pool, .dims = {}, .operands = {x}, .attributes = words(a)});
}

std::uint32_t drawer::pad() {
  const std::uint32_t x = random_.chance(50) ? image() : with_rank(take());
  ops::pad_attributes a{.mode = random_.chance(40) ? pad_mode::constant : static_cast<pad_mode>(1 + random_.pick(3))};
  if (a.mode == pad_mode::constant && random_.chance(60)) a.value = std::bit_cast<std::uint32_t>(number());
  for (std::uint32_t axis = 0; axis < dims(x).rank; ++axis) {
    if (random_.chance(40)) continue;
    const std::uint32_t size = dims(x).sizes[axis];
    const std::uint32_t most = a.mode == pad_mode::reflect ? size - 1 : a.mode == pad_mode::circular ? size : 5;
    a.low[axis] = random_.pick(std::min(most, 5u) + 1), a.high[axis] = random_.pick(std::min(most, 5u) + 1);
  }
  return windowed({.kind = op::pad, .dims = {}, .operands = {x}, .attributes = words(a)});
}

std::uint32_t drawer::upsample() {
  const std::uint32_t x = image();
  ops::upsample_attributes a{.mode = static_cast<interpolation>(random_.pick(2))};
  a.align_corners = a.mode == interpolation::linear && random_.chance(50);
  const auto axis = [&](std::uint32_t size, std::uint32_t& resized, std::uint32_t& step) {
    const double factor = random_.one_of(upsampling_factors);
    const bool by_factor = random_.chance(60) && static_cast<double>(size) * factor >= 1;
    resized = by_factor ? static_cast<std::uint32_t>(static_cast<double>(size) * factor) : 1 + random_.pick(2 * size);
    step = by_factor && a.align_corners == 0 ? std::bit_cast<std::uint32_t>(static_cast<float>(1 / factor))
                                             : ops::step_between(size, resized, a.align_corners != 0);
    return by_factor;
  };
  // The DSL has factors or sizes for both axes.
  const auto both = [&] {
    return axis(dims(x).sizes[1], a.height, a.step_h) == axis(dims(x).sizes[2], a.width, a.step_w);
  };
  while (!both()) continue;
  return windowed({.kind = op::upsample, .dims = {}, .operands = {x}, .attributes = words(a)});
}

std::uint32_t drawer::adaptive_avg_pool() {
  const std::uint32_t x = image();
  const auto size = [&](std::uint32_t of) { return 1 + random_.pick(of + (random_.chance(20) ? 3 : 0)); };
  const ops::adaptive_avg_pool_attributes a{size(dims(x).sizes[1]), size(dims(x).sizes[2])};
  return windowed({.kind = op::adaptive_avg_pool, .dims = {}, .operands = {x}, .attributes = words(a)});
}

}  // namespace inlay::fuzz
