// SPDX-License-Identifier: Apache-2.0
// Uses the public headers of Inlay.
#include <array>
#include <cmath>
#include <inlay/compiled.hpp>
#include <inlay/interpreter.hpp>
#include <inlay/thread_pool.hpp>
#include <inlay/weights.hpp>

#include "model.hpp"
#include "model_kernels.h"

int main() {
  const std::array<float, 4> in{1, -2, 3, -4};
  std::array<float, 6> out{}, through_c{};
  inlay::compiled<small> net;
  if (net(in, out) != inlay::status::ok) return 1;
  if (small_run(in.data(), through_c.data(), 1, nullptr) != 0) return 2;
  constexpr auto expected = inlay::evaluate(small, {1, -2, 3, -4});
  for (std::size_t i = 0; i < out.size(); ++i)
    if (!(std::abs(out[i] - expected[i]) < 1e-5f) || out[i] < through_c[i] || out[i] > through_c[i]) return 3;
  return 0;
}
