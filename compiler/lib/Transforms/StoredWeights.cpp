// SPDX-License-Identifier: Apache-2.0
// How weights of layers are rounded when they are stored.
#include "StoredWeights.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace inlay::compiler {

std::uint16_t bitsOfBf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  constexpr std::uint32_t quiet = 0x00400000;
  if (std::isnan(value)) return static_cast<std::uint16_t>((bits | quiet) >> 16);
  if (std::isfinite(value) && std::abs(value) > kLargestBf16)
    return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(std::copysign(kLargestBf16, value)) >> 16);
  // Adds half of the last place that is kept, less one bit if that place is even: ties go to even.
  return static_cast<std::uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

float roundedToBf16(float value) { return std::bit_cast<float>(std::uint32_t{bitsOfBf16(value)} << 16); }

double stored(double weight, bool bf16) {
  const auto single = static_cast<float>(weight);
  return static_cast<double>(bf16 ? roundedToBf16(single) : single);
}

}  // namespace inlay::compiler
