// SPDX-License-Identifier: Apache-2.0
// The element types of weights files, and their conversion to f32 and double.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace inlay::detail {

/// Bits per element; 0 for a type that the safetensors format does not define.
std::uint32_t bits_of_type(std::string_view type);

/// Whether weights can be read from this type: F32, F16, BF16 and F64.
bool is_readable(std::string_view type);

/// What rounding to f32 did to a tensor.
struct rounding_counts {
  std::uint64_t rounded = 0;     ///< finite values that were not exact in f32
  std::uint64_t overflowed = 0;  ///< finite values beyond f32's range, replaced by its largest finite number
};

/// Converts elements of a readable type to double, exactly. `bytes` holds to.size() elements, at any alignment.
void convert_to_double(std::string_view type, const std::byte* bytes, std::span<double> to);

/// Rounds to the nearest f32. A finite number beyond f32's range becomes its largest finite number, not infinity.
float round_to_float(double value, rounding_counts& counts);

}  // namespace inlay::detail
