// SPDX-License-Identifier: Apache-2.0
// Silero's voice activity detector for 16 kHz as a C++ expression: 512 samples a step, to the probability of speech.
#pragma once

#include <inlay/dsl.hpp>

namespace vad_example {

using namespace inlay;

inline constexpr std::uint32_t chunk = 512;   ///< samples of a step
inline constexpr std::uint32_t context = 64;  ///< samples of the step before that are looked at again
inline constexpr std::uint32_t bins = 129;    ///< frequencies of the spectrum

/// The magnitudes of a short-time Fourier transform, which is a convolution: x[640] -> y[129, 4].
constexpr auto magnitudes(auto samples) {
  const auto parts = conv1d<2 * bins, 256>("stft", reshape<1, 640>(samples), stride<128>, no_bias);
  const auto [real, imaginary] = split<0, bins>(parts);
  return sqrt(square(real) + square(imaginary));
}

/// A convolution of three frames.
template <std::uint32_t Channels, std::uint32_t Stride>
constexpr auto encoded(const char* name, auto x) {
  return scope("encoder", x,
               [&](auto frames) { return relu(conv1d<Channels, 3>(name, frames, stride<Stride>, padding<1>)); });
}

inline constexpr auto vad =
    network("vad", input<f32, chunk>("samples"), state<f32, context>("context"), [](auto samples, auto before) {
      const auto joined = concat(before, samples);
      before = slice<0, chunk - context, context>(samples);
      auto a = encoded<128, 1>("0", magnitudes(pad<0, 64>(joined, reflect)));
      auto b = encoded<64, 2>("1", a);
      auto c = encoded<64, 2>("2", b);
      auto d = encoded<128, 1>("3", c);
      return scope("decoder", flatten(d), [](auto features) {
        return output("probability", sigmoid(causal_conv1d<1, 1>("output", relu(lstm<128>("rnn", features)))));
      });
    });

}  // namespace vad_example
