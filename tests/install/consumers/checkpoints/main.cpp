// SPDX-License-Identifier: Apache-2.0
// Checks a result: (1, 0, 0) becomes (1, 4) + (0, 1) = (1, 5), and then 1 (1, 2, 3) + 5 (4, 5, 6).
#include <array>
#include <inlay/compiled.hpp>

#include "model.hpp"

int main() {
  inlay::compiled<autoencoder> net;
  const std::array<float, 3> x = {1, 0, 0}, expected = {21, 27, 33};
  std::array<float, 3> y{};
  return net(x, y) == inlay::status::ok && y == expected ? 0 : 1;
}
