// SPDX-License-Identifier: Apache-2.0
// The element types of weights files, and their conversion to the f32 and the double that weights are computed in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace inlay::detail {

/// Bits that one element takes, or 0 for a type that the safetensors format does not define.
std::uint32_t bits_of_type(std::string_view type);

/// Whether weights can be read from this type: F32, F16, BF16 and F64.
bool is_readable(std::string_view type);

/// What the rounding to f32 did to a tensor.
struct rounding_counts {
  std::uint64_t rounded = 0;     ///< finite values that f32 does not hold exactly
  std::uint64_t overflowed = 0;  ///< finite values beyond f32, which became its largest finite number
};

/// Elements of a readable type as doubles, exactly. `bytes` holds to.size() elements, at any alignment.
void convert_to_double(std::string_view type, const std::byte* bytes, std::span<double> to);

/// To the nearest f32. A finite number beyond f32's range becomes the largest finite one, not infinity.
float round_to_float(double value, rounding_counts& counts);

}  // namespace inlay::detail
