// SPDX-License-Identifier: Apache-2.0
// Measures how far a contestant's results are from double arithmetic.
#include "relative_error.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

namespace inlay::bench {
namespace {

constexpr std::uint32_t unwritten_bits = 0x7fc0dead;

}  // namespace

float unwritten() { return std::bit_cast<float>(unwritten_bits); }

double relative_error(std::span<const float> found, std::span<const float> exact) {
  double squares = 0, count = 0;
  for (const float each : exact)
    if (std::isfinite(each)) squares += static_cast<double>(each) * static_cast<double>(each), ++count;
  const double size = count == 0 ? 0 : std::sqrt(squares / count);
  double largest = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const bool both_nan =
        std::isnan(exact[i]) && std::isnan(found[i]) && std::bit_cast<std::uint32_t>(found[i]) != unwritten_bits;
    if (found[i] == exact[i] || both_nan) continue;
    const double e = static_cast<double>(exact[i]);
    const double error = std::abs(static_cast<double>(found[i]) - e) / std::max(size, std::abs(e));
    if (!(error <= largest)) largest = error;
  }
  return largest;
}

}  // namespace inlay::bench
