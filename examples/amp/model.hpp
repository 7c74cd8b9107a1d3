// SPDX-License-Identifier: Apache-2.0
// Two guitar amplifiers of Neural Amp Modeler as C++ expressions: a WaveNet and a small LSTM. One sample is one step.
#pragma once

#include <inlay/dsl.hpp>

namespace amp_example {

using namespace inlay;

/// What a layer hands on: the signal for the next layer, and the sum of all activations so far, for the head.
template <std::uint32_t Channels>
struct signals {
  tensor<f32, Channels> signal, head;
};

/// A dilated convolution of the signal, plus the amplifier's input, through a tanh; then a residual around both.
template <accuracy Tier, std::uint32_t Channels, std::uint32_t Dilation, class Head>
constexpr auto layer(auto signal, const Head& head, auto sample) {
  const tensor<f32, Channels> z = tanh(causal_conv1d<Channels, 3>("conv", signal, dilation<Dilation>) +
                                           causal_conv1d<Channels, 1>("input_mixin", sample, no_bias),
                                       Tier);
  const tensor<f32, Channels> next = signal + causal_conv1d<Channels, 1>("layer1x1", z);
  if constexpr (std::same_as<Head, std::nullptr_t>)
    return signals<Channels>{next, z};
  else
    return signals<Channels>{next, head + z};
}

/// Layers `Index` to 9, each with twice the dilation of the one before. A head of null stands for no sum yet.
template <accuracy Tier, std::uint32_t Channels, std::uint32_t Index = 0, class Head>
constexpr signals<Channels> layers_from(auto signal, const Head& head, auto sample) {
  const auto out =
      scope("layers", Index, signal, [&](auto x) { return layer<Tier, Channels, (1u << Index)>(x, head, sample); });
  if constexpr (Index == 9)
    return out;
  else
    return layers_from<Tier, Channels, Index + 1>(out.signal, out.head, sample);
}

/// An array of ten layers. The second one goes on from the signal and the head of the first one.
template <accuracy Tier, std::uint32_t Channels, std::uint32_t Outputs, class Head, class... Bias>
constexpr auto array(std::uint32_t number, auto signal, const Head& head, auto sample, const Bias&... bias) {
  return scope("arrays", number, signal, [&](auto x) {
    const auto out = layers_from<Tier, Channels>(causal_conv1d<Channels, 1>("rechannel", x, no_bias), head, sample);
    const auto result = causal_conv1d<Outputs, 1>("head_rechannel", out.head, bias...);
    return std::pair(out.signal, result);
  });
}

/// The WaveNet of the "standard" size, with tanh of this accuracy.
template <accuracy Tier>
constexpr auto make_wavenet(const char* name) {
  return network(name, input<f32, 1>("dry"), [](auto sample) {
    const auto [signal, head] = array<Tier, 16, 8>(0, sample, nullptr, sample, no_bias);
    const auto [unused, sum] = array<Tier, 8, 1>(1, signal, head, sample);
    return output("wet", sum * param<f32, 1>("head_scale"));
  });
}

/// A smaller amplifier: one LSTM layer of 3 cells. The first values of its state are weights.
template <accuracy Tier>
constexpr auto make_small(const char* name) {
  return network(name, input<f32, 1>("dry"), [](auto sample) {
    const auto h =
        lstm<3>("lstm", sample, initial_state(param<f32, 3>("initial_hidden"), param<f32, 3>("initial_cell")),
                nonlinearity([](auto x) { return tanh(x, Tier); }));
    return output("wet", dense<1>("head", h));
  });
}

inline constexpr auto wavenet = make_wavenet<exact>("wavenet");
inline constexpr auto wavenet_fast = make_wavenet<fast>("wavenet_fast");
inline constexpr auto wavenet_approximate = make_wavenet<approximate>("wavenet_approximate");
inline constexpr auto small = make_small<exact>("small");
inline constexpr auto small_fast = make_small<fast>("small_fast");
inline constexpr auto small_approximate = make_small<approximate>("small_approximate");

}  // namespace amp_example
