// SPDX-License-Identifier: Apache-2.0
// Calls the kernels of this variant's graph and checks that they belong to this variant.
#include <array>
#include <inlay/compiled.hpp>

#include "model.hpp"

int main() {
  inlay::compiled<stale_test::threshold> net;
  constexpr std::array<float, 4> x{0, 1, 2, 3};
  std::array<float, 4> fires{};
  if (net(x, fires) != inlay::status::ok) return 2;
  constexpr std::array<float, 4> expected =
      VARIANT == 0 ? std::array<float, 4>{0, 1, 1, 1} : std::array<float, 4>{0, 0, 1, 1};
  return fires == expected ? 0 : 1;
}
