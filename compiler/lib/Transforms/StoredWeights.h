// SPDX-License-Identifier: Apache-2.0
// How weights of layers are rounded when they are stored.
#ifndef INLAY_TRANSFORMS_STOREDWEIGHTS_H
#define INLAY_TRANSFORMS_STOREDWEIGHTS_H

#include <cstdint>

namespace inlay::compiler {

/// Largest finite bf16.
inline constexpr float kLargestBf16 = 0x1.fep127f;
/// Largest relative error of rounding a normal number to bf16, which keeps 8 significant bits: half of the last place.
inline constexpr double kBf16Rounding = 0x1p-8;

/// The bf16 nearest to `value`, ties to even. It is within 1/256 of a normal number. A finite number never becomes
/// infinite. NaN stays NaN, quiet and without the low bits of its payload.
float roundedToBf16(float value);

/// The bits of a bf16.
std::uint16_t bitsOfBf16(float value);

/// The value of a weight after it was stored as bf16 or f32.
double stored(double weight, bool bf16);

}  // namespace inlay::compiler

#endif  // INLAY_TRANSFORMS_STOREDWEIGHTS_H
