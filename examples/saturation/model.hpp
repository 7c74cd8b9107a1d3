// SPDX-License-Identifier: Apache-2.0
// One classifier of the 8x8 digits, six times: with sigmoid, tanh and relu, on raw bytes and on normalised ones.
#pragma once

#include <inlay/dsl.hpp>

namespace saturation_example {

using namespace inlay;

/// Mean and standard deviation of all pixels of the training images, as bytes: 0 is paper and 255 full ink.
inline constexpr float pixel_mean = 78, pixel_deviation = 96;

/// 64-32-32-10 with `activation` behind both hidden layers. `name` is in front of its parameters' names, so that one
/// weights file can hold all six.
constexpr auto classifier(const char* name, auto pixels, auto activation) {
  return scope(name, pixels, [=](auto x) {
    auto hidden1 = activation(dense<32>("hidden1", x));
    auto hidden2 = activation(dense<32>("hidden2", hidden1));
    return softmax(dense<10>("output", hidden2));
  });
}

constexpr auto normalise(auto pixels) { return (pixels - pixel_mean) / pixel_deviation; }

inline constexpr auto sigmoid_raw = network("sigmoid_raw", input<f32, 64>("pixels"), [](auto pixels) {
  return classifier("sigmoid_raw", pixels, [](auto x) { return sigmoid(x); });
});
inline constexpr auto sigmoid_normalised = network("sigmoid_normalised", input<f32, 64>("pixels"), [](auto pixels) {
  return classifier("sigmoid_normalised", normalise(pixels), [](auto x) { return sigmoid(x); });
});
inline constexpr auto tanh_raw = network("tanh_raw", input<f32, 64>("pixels"), [](auto pixels) {
  return classifier("tanh_raw", pixels, [](auto x) { return tanh(x); });
});
inline constexpr auto tanh_normalised = network("tanh_normalised", input<f32, 64>("pixels"), [](auto pixels) {
  return classifier("tanh_normalised", normalise(pixels), [](auto x) { return tanh(x); });
});
inline constexpr auto relu_raw = network("relu_raw", input<f32, 64>("pixels"), [](auto pixels) {
  return classifier("relu_raw", pixels, [](auto x) { return relu(x); });
});
inline constexpr auto relu_normalised = network("relu_normalised", input<f32, 64>("pixels"), [](auto pixels) {
  return classifier("relu_normalised", normalise(pixels), [](auto x) { return relu(x); });
});

}  // namespace saturation_example
