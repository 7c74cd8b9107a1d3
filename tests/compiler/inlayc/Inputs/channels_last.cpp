// SPDX-License-Identifier: Apache-2.0
// A network whose caller has images with their channels last.
#include "inlay/dsl.hpp"

using namespace inlay;

constexpr auto blur = network("blur", input<f32, 16, 24, 3>("photo"), [](auto photo) {
  const auto image = permute<2, 0, 1>(photo);
  return permute<1, 2, 0>(relu(conv2d("c", image, constant<f32, 2, 3, 1, 1>({1, 2, 3, 4, 5, 6}))));
});
INLAY_NETWORK(blur);
