// SPDX-License-Identifier: Apache-2.0
// Layers that normalise each sample by its own mean and deviation.
#pragma once

#include "inlay/dsl/layers.hpp"

namespace inlay {

struct with_affine_t {};
/// `instance_norm("in", x, with_affine)`, as affine=True in PyTorch.
inline constexpr with_affine_t with_affine;

namespace detail {

enum class affine_parts { none, weight, weight_and_bias };

/// The last `Count` axes of a shape, or all of them.
template <ShapeType S, std::uint32_t Count>
struct last_axes_of {
  static constexpr shape dims = [] {
    shape last;
    for (std::uint32_t axis = S::dims.rank > Count ? S::dims.rank - Count : 0; axis < S::dims.rank; ++axis)
      last.sizes[last.rank++] = S::dims.sizes[axis];
    return last;
  }();
  using type = typename sizes_type<dims>::type;
};

/// Normalises `x`. With weights, `load(name)` makes one of them in the layer's scope.
template <affine_parts Affine, Value V, class Load>
constexpr auto norm_of(const char* name, V&& x, const ops::normalize_attributes& attributes,
                       const std::source_location& at, Load load) {
  const auto input = committed(std::forward<V>(x));
  graph_builder& b = *input.owner;
  b.locate(at);
  const std::uint32_t operands[] = {input.node};
  const tensor_of_t<shape_type_of<V>> y(b, b.apply(op::normalize, operands, words_of(attributes), {}, name));
  b.enter_scope(name);
  const auto result = [&] {
    if constexpr (Affine == affine_parts::none) {
      return y;
    } else {
      const auto weight = load(b, "weight");
      if constexpr (Affine == affine_parts::weight)
        return committed(y * weight);
      else
        return committed(y * weight + load(b, "bias"));
    }
  }();
  b.leave_scope();
  return result;
}

/// Over the last `Axes` axes, with weights of these axes.
template <std::uint32_t Axes, affine_parts Affine, Value V>
constexpr auto norm_of_last_axes(const char* name, V&& x, bool centred, float eps, const std::source_location& at) {
  using Shape = shape_type_of<V>;
  static_assert(Axes >= 1, "a norm needs at least one axis: layer_norm<1>(\"name\", x)");
  // Too many axes are the builder's to report.
  constexpr std::uint32_t axis = Axes <= Shape::dims.rank ? Shape::dims.rank - Axes : Axes - 1;
  return norm_of<Affine>(name, std::forward<V>(x), {axis, 1, eps, centred}, at, [](graph_builder&, const char* weight) {
    return parameter_leaf<typename last_axes_of<Shape, Axes>::type>(weight);
  });
}

/// Over each channel, from axis 1 on, or over `groups` groups of them, from axis 0 on. One weight for each channel.
template <affine_parts Affine, Value V>
constexpr auto norm_of_channels(const char* name, V&& x, std::uint32_t axis, std::uint32_t groups, float eps,
                                const std::source_location& at) {
  return norm_of<Affine>(
      name, std::forward<V>(x), {axis, groups, eps, 1}, at,
      [](graph_builder& b, const char* weight) { return channel_parameter<shape_type_of<V>>(b, weight); });
}

}  // namespace detail

/// y = (x - mean) / sqrt(variance + eps) * weight + bias over the last `Axes` axes of each sample (torch.nn.LayerNorm),
/// parameters `<name>.weight` and `<name>.bias` of these axes: `layer_norm("norm", x)`, `layer_norm<2>("norm", x)`.
template <std::uint32_t Axes = 1, Value V>
constexpr auto layer_norm(const char* name, V&& x, float eps = 1e-5f,
                          std::source_location at = std::source_location::current()) {
  return detail::norm_of_last_axes<Axes, detail::affine_parts::weight_and_bias>(name, std::forward<V>(x), true, eps,
                                                                                at);
}
/// The same without `bias` (bias=False in PyTorch).
template <std::uint32_t Axes = 1, Value V>
constexpr auto layer_norm(const char* name, V&& x, no_bias_t, float eps = 1e-5f,
                          std::source_location at = std::source_location::current()) {
  return detail::norm_of_last_axes<Axes, detail::affine_parts::weight>(name, std::forward<V>(x), true, eps, at);
}
/// The same without `weight` and `bias` (elementwise_affine=False in PyTorch).
template <std::uint32_t Axes = 1, Value V>
constexpr auto layer_norm(const char* name, V&& x, no_affine_t, float eps = 1e-5f,
                          std::source_location at = std::source_location::current()) {
  return detail::norm_of_last_axes<Axes, detail::affine_parts::none>(name, std::forward<V>(x), true, eps, at);
}

/// y = x / sqrt(mean of x^2 + eps) * weight over the last `Axes` axes of each sample (torch.nn.RMSNorm), parameter
/// `<name>.weight` of these axes. The default of eps is torch.finfo(torch.float32).eps, as in PyTorch.
template <std::uint32_t Axes = 1, Value V>
constexpr auto rms_norm(const char* name, V&& x, float eps = 0x1p-23f,
                        std::source_location at = std::source_location::current()) {
  return detail::norm_of_last_axes<Axes, detail::affine_parts::weight>(name, std::forward<V>(x), false, eps, at);
}
/// The same without `weight` (elementwise_affine=False in PyTorch).
template <std::uint32_t Axes = 1, Value V>
constexpr auto rms_norm(const char* name, V&& x, no_affine_t, float eps = 0x1p-23f,
                        std::source_location at = std::source_location::current()) {
  return detail::norm_of_last_axes<Axes, detail::affine_parts::none>(name, std::forward<V>(x), false, eps, at);
}

/// y = (x - mean) / sqrt(variance + eps) * weight + bias over each of `Groups` groups of channels of each sample
/// (torch.nn.GroupNorm): x[C], x[C,L] or x[C,H,W], parameters `<name>.weight` and `<name>.bias`, each [C].
template <std::uint32_t Groups, Value V>
constexpr auto group_norm(const char* name, V&& x, float eps = 1e-5f,
                          std::source_location at = std::source_location::current()) {
  return detail::norm_of_channels<detail::affine_parts::weight_and_bias>(name, std::forward<V>(x), 0, Groups, eps, at);
}
/// The same without `weight` and `bias` (affine=False in PyTorch).
template <std::uint32_t Groups, Value V>
constexpr auto group_norm(const char* name, V&& x, no_affine_t, float eps = 1e-5f,
                          std::source_location at = std::source_location::current()) {
  return detail::norm_of_channels<detail::affine_parts::none>(name, std::forward<V>(x), 0, Groups, eps, at);
}

/// y = (x - mean) / sqrt(variance + eps) over each channel of each sample (torch.nn.InstanceNorm1d and 2d): x[C,L] or
/// x[C,H,W]. As in PyTorch there are no weights, unless `with_affine` asks for them.
template <Value V>
constexpr auto instance_norm(const char* name, V&& x, float eps = 1e-5f,
                             std::source_location at = std::source_location::current()) {
  return detail::norm_of_channels<detail::affine_parts::none>(name, std::forward<V>(x), 1, 1, eps, at);
}
template <Value V>
constexpr auto instance_norm(const char* name, V&& x, no_affine_t, float eps = 1e-5f,
                             std::source_location at = std::source_location::current()) {
  return detail::norm_of_channels<detail::affine_parts::none>(name, std::forward<V>(x), 1, 1, eps, at);
}
/// The same, times `<name>.weight` plus `<name>.bias`, each [C] (affine=True in PyTorch).
template <Value V>
constexpr auto instance_norm(const char* name, V&& x, with_affine_t, float eps = 1e-5f,
                             std::source_location at = std::source_location::current()) {
  return detail::norm_of_channels<detail::affine_parts::weight_and_bias>(name, std::forward<V>(x), 1, 1, eps, at);
}

}  // namespace inlay
