// SPDX-License-Identifier: Apache-2.0
// Pseudo-random numbers that are the same on every machine and with every standard library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace inlay::fuzz {

/// One step of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014), a good hash of
/// one word.
constexpr std::uint64_t mixed(std::uint64_t z) {
  z += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/// A stream of numbers, determined by seed and stream number.
class random_source {
 public:
  explicit random_source(std::uint64_t seed, std::uint64_t stream = 0) : state_(mixed(seed) ^ mixed(~stream)) {}

  std::uint64_t word() { return mixed(state_++); }
  /// A number in 0 .. n - 1.
  std::uint32_t pick(std::size_t n) { return static_cast<std::uint32_t>(word() % n); }
  /// True in `percent` of 100 cases.
  bool chance(unsigned percent) { return pick(100) < percent; }
  /// A number in [low, high).
  double real(double low, double high) { return low + (high - low) * static_cast<double>(word() >> 11) * 0x1p-53; }
  template <class T, std::size_t N>
  const T& one_of(const T (&choices)[N]) {
    return choices[pick(N)];
  }

 private:
  std::uint64_t state_;
};

}  // namespace inlay::fuzz
