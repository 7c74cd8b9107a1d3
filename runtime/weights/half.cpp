// SPDX-License-Identifier: Apache-2.0
// The 16-bit float formats of weights files.
#include <bit>

#include "inlay/weights.hpp"

namespace inlay {

float float_from_half(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1fu, fraction = bits & 0x3ffu;
  if (exponent == 0) {
    // A denormal is fraction * 2^-24, which f32 holds as a normal number.
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(magnitude) | sign);
  }
  const std::uint32_t widened = exponent == 0x1fu ? 0xffu : exponent + 127u - 15u;
  return std::bit_cast<float>(sign | widened << 23 | fraction << 13);
}

float float_from_bfloat16(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

}  // namespace inlay
