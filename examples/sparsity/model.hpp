// SPDX-License-Identifier: Apache-2.0
// Dense layers twice: once with and once without a look for zeros. A network may say so for each of its layers; by
// default the compiler decides.
#pragma once

#include <inlay/dsl.hpp>

namespace sparsity_example {

using namespace inlay;

/// How many features relu(conv1) of LeNet has, and how many its two dense layers read.
inline constexpr std::uint32_t conv1_size = 1024, pooled_size = 128, hidden_size = 64;

// LeNet's own layers, with its weights.
inline constexpr auto skip_fc2 = network("skip_fc2", input<f32, hidden_size>("features"),
                                         [](auto features) { return dense<10>("fc2", features, skip_zeros); });
inline constexpr auto multiply_fc2 = network("multiply_fc2", input<f32, hidden_size>("features"),
                                             [](auto features) { return dense<10>("fc2", features, multiply_zeros); });
inline constexpr auto skip_fc1 = network("skip_fc1", input<f32, pooled_size>("features"),
                                         [](auto features) { return dense<64>("fc1", features, skip_zeros); });
inline constexpr auto multiply_fc1 = network("multiply_fc1", input<f32, pooled_size>("features"),
                                             [](auto features) { return dense<64>("fc1", features, multiply_zeros); });

// Wider layers that read relu(conv1), with drawn weights.
inline constexpr auto skip_64 = network("skip_64", input<f32, conv1_size>("features"),
                                        [](auto features) { return dense<64>("wide64", features, skip_zeros); });
inline constexpr auto multiply_64 = network("multiply_64", input<f32, conv1_size>("features"), [](auto features) {
  return dense<64>("wide64", features, multiply_zeros);
});
inline constexpr auto skip_256 = network("skip_256", input<f32, conv1_size>("features"),
                                         [](auto features) { return dense<256>("wide256", features, skip_zeros); });
inline constexpr auto multiply_256 = network("multiply_256", input<f32, conv1_size>("features"), [](auto features) {
  return dense<256>("wide256", features, multiply_zeros);
});
inline constexpr auto skip_1024 = network("skip_1024", input<f32, conv1_size>("features"),
                                          [](auto features) { return dense<1024>("wide1024", features, skip_zeros); });
inline constexpr auto multiply_1024 = network("multiply_1024", input<f32, conv1_size>("features"), [](auto features) {
  return dense<1024>("wide1024", features, multiply_zeros);
});

}  // namespace sparsity_example
