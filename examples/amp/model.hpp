// SPDX-License-Identifier: Apache-2.0
// A guitar amplifier as a C++ expression: the WaveNet of Neural Amp Modeler's "standard" size. One sample is one step.
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
template <std::uint32_t Channels, std::uint32_t Dilation, class Head>
constexpr auto layer(auto signal, const Head& head, auto sample) {
  const tensor<f32, Channels> z = tanh(causal_conv1d<Channels, 3>("conv", signal, dilation<Dilation>) +
                                       causal_conv1d<Channels, 1>("input_mixin", sample, no_bias));
  const tensor<f32, Channels> next = signal + causal_conv1d<Channels, 1>("layer1x1", z);
  if constexpr (std::same_as<Head, std::nullptr_t>)
    return signals<Channels>{next, z};
  else
    return signals<Channels>{next, head + z};
}

/// Layers `Index` to 9, each with twice the dilation of the one before. A head of null stands for no sum yet.
template <std::uint32_t Channels, std::uint32_t Index = 0, class Head>
constexpr signals<Channels> layers_from(auto signal, const Head& head, auto sample) {
  const auto out =
      scope("layers", Index, signal, [&](auto x) { return layer<Channels, (1u << Index)>(x, head, sample); });
  if constexpr (Index == 9)
    return out;
  else
    return layers_from<Channels, Index + 1>(out.signal, out.head, sample);
}

/// An array of ten layers. The second one goes on from the signal and the head of the first one.
template <std::uint32_t Channels, std::uint32_t Outputs, class Head, class... Bias>
constexpr auto array(std::uint32_t number, auto signal, const Head& head, auto sample, const Bias&... bias) {
  return scope("arrays", number, signal, [&](auto x) {
    const auto out = layers_from<Channels>(causal_conv1d<Channels, 1>("rechannel", x, no_bias), head, sample);
    const auto result = causal_conv1d<Outputs, 1>("head_rechannel", out.head, bias...);
    return std::pair(out.signal, result);
  });
}

inline constexpr auto wavenet = network("wavenet", input<f32, 1>("dry"), [](auto sample) {
  const auto [signal, head] = array<16, 8>(0, sample, nullptr, sample, no_bias);
  const auto [unused, sum] = array<8, 1>(1, signal, head, sample);
  return output("wet", sum * param<f32, 1>("head_scale"));
});

/// A smaller amplifier: one LSTM layer. Its file holds one bias, the sum of PyTorch's two.
inline constexpr auto small = network("small", input<f32, 1>("dry"), [](auto sample) {
  const auto h = lstm<3>("lstm", sample, initial_state(param<f32, 3>("initial_hidden"), param<f32, 3>("initial_cell")));
  return output("wet", dense<1>("head", h));
});

}  // namespace amp_example
