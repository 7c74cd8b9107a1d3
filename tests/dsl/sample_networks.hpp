// SPDX-License-Identifier: Apache-2.0
// A network with records in every table of the image: named and source weights, every kind of node, several outputs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "inlay/dsl.hpp"

namespace samples {

using namespace inlay;

inline constexpr auto every_kind = network(
    "every_kind", input<f32, 2, 2>("picture"), input<f32, 3>("context"), input<i32, 2>("words"),
    [](auto picture, auto context, auto words) {
      auto h = relu(dense<3>("hidden", flatten(picture), skip_zeros) + context);
      auto gate = dense("gate", h, constant<f32, 1, 3>({1, -2, 0.5f}));
      auto scaled = where(gate > 0.25f, h * sigmoid(h, fast), leaky_relu(h, 0.125f));
      auto image = slice<0, 1, 2>(transpose<0, 2>(conv2d<2, 2>("filter", reshape<1, 2, 2>(picture), padding<1>)));
      auto small = log_softmax(flatten(conv_transpose2d<2, 1>("up", avg_pool<2, 1>(max_pool<1, 2>(image)))));
      auto large = upsample<2>(pad<1, 0>(image, reflect));
      // Compilers may evaluate the operands of + in any order, so each makes its node in a statement of its own.
      auto level = mean(adaptive_avg_pool<1>(large));
      auto average = mean(image);
      auto kept = state<f32, 3>("kept").in(context);
      const auto late = delay<1>(context);
      kept = tanh(kept + late);
      auto before = mean(kept);
      auto vector = mean(embedding("table", words, constant<f32, 3, 2>({1, 2, 3, 4, 5, 6})));
      small = layer_norm("norm", small, no_affine) + average + level + before + vector;
      auto scores = softmax(concat(scaled, context));
      return outputs(output("scores", scores), output("gate", gate), output("image", small));
    });
INLAY_NETWORK(every_kind);

/// Only an input and a softmax: the tables of operands, instructions and data are empty or nearly empty.
inline constexpr auto smallest = network("smallest", input<f32, 2>("x"), [](auto x) { return softmax(x); });
INLAY_NETWORK(smallest);

/// The bytes of a network's image, as in the object file.
template <const auto& Net>
std::span<const std::byte> image_bytes() {
  return std::as_bytes(std::span(&inlay::detail::embedded_image<Net>, 1));
}

/// A copy of image_bytes() that may be changed, aligned as the reader needs it.
template <const auto& Net>
std::vector<std::byte> image_copy() {
  const auto bytes = image_bytes<Net>();
  return {bytes.begin(), bytes.end()};
}

}  // namespace samples
