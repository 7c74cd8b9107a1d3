// SPDX-License-Identifier: Apache-2.0
// Weights of the classifier, drawn from a seed.
#pragma once

#include <random>

#include "inlay/weights.hpp"

inline inlay::weights drawn_weights(unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(-0.5f, 0.5f);
  inlay::weights w;
  const auto add = [&](const char* name, std::vector<std::uint64_t> shape) {
    std::uint64_t elements = 1;
    for (std::uint64_t size : shape) elements *= size;
    inlay::weight_tensor& tensor = w.tensors.emplace_back();
    tensor.name = name, tensor.shape = std::move(shape), tensor.stored_type = "F32";
    for (std::uint64_t i = 0; i < elements; ++i) tensor.values.push_back(uniform(random));
  };
  add("fc1.bias", {37}), add("fc1.weight", {37, 19});
  add("fc2.bias", {11}), add("fc2.weight", {11, 37});
  add("fc3.bias", {37}), add("fc3.weight", {37, 37});
  return w;
}
