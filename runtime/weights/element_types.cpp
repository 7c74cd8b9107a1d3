// SPDX-License-Identifier: Apache-2.0
// The element types of weights files, and their conversion to f32 and double.
#include "element_types.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "inlay/weights.hpp"

namespace inlay {
namespace detail {
namespace {

struct type_row {
  std::string_view name;
  std::uint32_t bits;
};

/// https://github.com/huggingface/safetensors, enum Dtype.
constexpr type_row kTypes[] = {
    {"F32", 32},    {"F16", 16},        {"BF16", 16},       {"F64", 64},    {"I64", 64}, {"I32", 32},
    {"I16", 16},    {"I8", 8},          {"U64", 64},        {"U32", 32},    {"U16", 16}, {"U8", 8},
    {"BOOL", 8},    {"F8_E4M3", 8},     {"F8_E5M2", 8},     {"F8_E8M0", 8}, {"F4", 4},   {"C64", 64},
    {"F6_E2M3", 6}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"F6_E3M2", 6},
};

template <class Bits>
Bits load(const std::byte* from) {
  Bits bits;
  std::memcpy(&bits, from, sizeof bits);
  return bits;
}

}  // namespace

std::uint32_t bits_of_type(std::string_view type) {
  for (const type_row& row : kTypes)
    if (row.name == type) return row.bits;
  return 0;
}

bool is_readable(std::string_view type) { return type == "F32" || type == "F16" || type == "BF16" || type == "F64"; }

void convert_to_double(std::string_view type, const std::byte* bytes, std::span<double> to) {
  const std::size_t stride = bits_of_type(type) / 8;
  for (std::size_t i = 0; i < to.size(); ++i) {
    const std::byte* at = bytes + i * stride;
    if (type == "F64")
      to[i] = load<double>(at);
    else if (type == "F32")
      to[i] = static_cast<double>(load<float>(at));
    else
      to[i] = static_cast<double>(type == "F16" ? float_from_half(load<std::uint16_t>(at))
                                                : float_from_bfloat16(load<std::uint16_t>(at)));
  }
}

float round_to_float(double value, rounding_counts& counts) {
  if (!std::isfinite(value)) return static_cast<float>(value);
  // Half an ulp above the largest f32: from here on, values would round to infinity.
  if (std::abs(value) >= 0x1.ffffffp127) {
    ++counts.overflowed;
    return std::copysign(std::numeric_limits<float>::max(), value < 0 ? -1.0f : 1.0f);
  }
  const float nearest = static_cast<float>(value);
  if (static_cast<double>(nearest) != value) ++counts.rounded;
  return nearest;
}

}  // namespace detail

float float_from_half(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1fu, fraction = bits & 0x3ffu;
  if (exponent == 0) {
    // A denormal is fraction * 2^-24, a normal number in f32.
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(magnitude) | sign);
  }
  const std::uint32_t widened = exponent == 0x1fu ? 0xffu : exponent + 127u - 15u;
  return std::bit_cast<float>(sign | widened << 23 | fraction << 13);
}

float float_from_bfloat16(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

}  // namespace inlay
