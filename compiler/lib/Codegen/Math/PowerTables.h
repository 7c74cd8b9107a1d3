// SPDX-License-Identifier: Apache-2.0
// Powers of two at multiples of 1/16 and, for registers of 8 lanes, of 1/8; the series of exp between them.
#ifndef INLAY_CODEGEN_POWERTABLES_H
#define INLAY_CODEGEN_POWERTABLES_H

#include <bit>
#include <cstdint>

#include "Inlay/Codegen/VectorBuilder.h"

namespace inlay::compiler::formulas {

/// 2^(i / 16) rounded to a float, and the difference to the exact value.
inline constexpr float kSixteenths[16] = {0x1p0f,        0x1.0b5586p0f, 0x1.172b84p0f, 0x1.2387a6p0f,
                                          0x1.306fep0f,  0x1.3dea64p0f, 0x1.4bfdaep0f, 0x1.5ab07ep0f,
                                          0x1.6a09e6p0f, 0x1.7a1148p0f, 0x1.8ace54p0f, 0x1.9c4918p0f,
                                          0x1.ae89fap0f, 0x1.c199bep0f, 0x1.d5818ep0f, 0x1.ea4afap0f};
inline constexpr float kSixteenthsLow[16] = {0.0f,
                                             0x1.9f3122p-25f,
                                             -0x1.c15742p-27f,
                                             0x1.ceac48p-25f,
                                             0x1.4636e2p-25f,
                                             0x1.824684p-25f,
                                             -0x1.593abcp-25f,
                                             -0x1.5bd5ecp-27f,
                                             0x1.9fcef4p-26f,
                                             -0x1.829fdp-25f,
                                             0x1.15506ep-27f,
                                             0x1.51f848p-27f,
                                             -0x1.a94b14p-26f,
                                             -0x1.3d56b2p-27f,
                                             -0x1.822dbcp-27f,
                                             0x1.52486cp-27f};

/// A table with the number of(i, n) for every power 2^(i / n), for n = 16 and n = 8.
template <class Of>
constexpr LaneTable powerTable(Of of) {
  LaneTable table{};
  for (int i = 0; i < 16; ++i) table.of16[i] = of(i, 16);
  for (int i = 0; i < 8; ++i) table.of8[i] = of(i, 8);
  return table;
}
constexpr float roundedPower(int i, int n) { return kSixteenths[i * 16 / n]; }
constexpr double powerLow(int i, int n) { return double(kSixteenthsLow[i * 16 / n]); }
constexpr double power(int i, int n) { return double(roundedPower(i, n)) + powerLow(i, n); }

inline constexpr LaneTable kPowers = powerTable(roundedPower);

/// The bit of the mantissa that is worth 1 / n of the float's power of two.
constexpr int placeOfFractions(int n) { return n == 16 ? 19 : 20; }

/// Bit patterns biased so that adding n, in sixteenths or eighths, at the top of the mantissa yields
/// numbers[i] * 2^floor(n) * scale. i is n's fraction in these units. The numbers times the scale are normal.
constexpr LaneTable scalable(const LaneTable &numbers, float scale) {
  return powerTable([&](int i, int n) {
    const float number = n == 16 ? numbers.of16[i] : numbers.of8[i];
    return std::bit_cast<float>(std::bit_cast<int32_t>(number * scale) - (i << placeOfFractions(n)));
  });
}

/// Between two fractions, exp(r) is start + r + c[0] r^2 + c[1] r^3 + .... A start other than 1 saves a power of the
/// polynomial. It costs nothing, because the tables contain it.
/// Sollya: fpminimax(exp(x), [|0,2,3|], [|D,SG...|], [-0.02167;0.02167], x, floating, absolute); error 2^-29.7.
inline constexpr double kSeriesStart16 = 0x1.fffffff622f57p-1;
inline constexpr float kSeries16[] = {0x1.00029p-1f, 0x1.555762p-3f};
/// Sollya: fpminimax(exp(x), [|0,2,3,4|], [|D,SG...|], [-0.04333;0.04333], x, floating, absolute); error 2^-32.4.
inline constexpr double kSeriesStart8 = 0x1.0000000000d7bp0;
inline constexpr float kSeries8[] = {0x1p-1f, 0x1.555c76p-3f, 0x1.5558e6p-5f};

/// 2^(i / n) * start - kPowers[i], and the same relative to kPowers[i].
constexpr double powerRest(int i, int n) {
  const double start = n == 16 ? kSeriesStart16 : kSeriesStart8;
  return powerLow(i, n) * start + double(roundedPower(i, n)) * (start - 1);
}
inline constexpr LaneTable kPowerRests = powerTable([](int i, int n) { return float(powerRest(i, n)); });
inline constexpr LaneTable kRelativePowerRests =
    powerTable([](int i, int n) { return float(powerRest(i, n) / double(roundedPower(i, n))); });

/// The largest exp(r) between two fractions, 2^(1 / 32) or 2^(1 / 16). exp(r) divided by it is
/// start + c[0] r + c[1] r^2 + ....
/// Sollya: fpminimax(2^(-1/32)*exp(x), 3, [|D,SG...|], [-0.02167;0.02167], floating, absolute); error 2^-29.7.
inline constexpr double kLargest16 = 0x1.059b0d3158574p0, kLoweredStart16 = 0x1.f50765ad41dffp-1;
inline constexpr float kLowered16[] = {0x1.f50766p-1f, 0x1.f50c6ap-2f, 0x1.4dfb56p-3f};
/// Sollya: fpminimax(2^(-1/16)*exp(x), 4, [|D,SG...|], [-0.04333;0.04333], floating, absolute); error 2^-33.
inline constexpr double kLargest8 = 0x1.0b5586cf9890fp0, kLoweredStart8 = 0x1.ea4afa2a495d7p-1;
inline constexpr float kLowered8[] = {0x1.ea4afap-1f, 0x1.ea4afap-2f, 0x1.46e52cp-3f, 0x1.46e47p-5f};

/// u = 2^(i / n) * largest, rounded, and 2^(i / n) * largest * start / u - 1.
inline constexpr LaneTable kUpperPowers =
    powerTable([](int i, int n) { return float(power(i, n) * (n == 16 ? kLargest16 : kLargest8)); });
inline constexpr LaneTable kUpperPowerRests = powerTable([](int i, int n) {
  const double exact = power(i, n) * (n == 16 ? kLargest16 : kLargest8);
  return float(exact * (n == 16 ? kLoweredStart16 : kLoweredStart8) / double(float(exact)) - 1);
});

}  // namespace inlay::compiler::formulas

#endif  // INLAY_CODEGEN_POWERTABLES_H
