// SPDX-License-Identifier: Apache-2.0
// Measures a compiled activation against its formula in double, float by float. Shared by inlay-certify, which visits
// all 2^32 floats, and the tests, which visit a sample.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "inlay/activations.hpp"
#include "inlay/graph_builder.hpp"
#include "jit_kernel.hpp"

namespace inlay::tools {

/// What was found. Errors are in units of the last place of the exact result as f32; denormals and results beyond the
/// largest float count in the last unit that there is.
struct accuracy_report {
  std::uint64_t tested = 0;
  double ulp = 0;  ///< largest error, within the contract's domain
  float ulp_at = 0;
  double absolute = 0;  ///< largest |found - exact|, within the contract's domain
  float absolute_at = 0;
  std::uint64_t against = 0;  ///< neighbours between which the result moves against the exact function
  float against_at = 0;
  std::uint64_t wrong =
      0;  ///< NaN, infinity or a zero's sign where there must be none, or none where there must be one
  float wrong_at = 0;

  void merge(const accuracy_report& other);
};

/// The network "activation": `width` elements, `row` on each.
graph_builder activation_network(const activation_row& row, accuracy tier, std::uint32_t width,
                                 const std::array<float, 2>& parameters);
inline graph_builder activation_network(const activation_row& row, accuracy tier, std::uint32_t width) {
  return activation_network(row, tier, width, row.defaults);
}

/// Where `row` saturates, overflows, underflows or changes over, and where its parameters are; each is to be tested
/// with both signs.
std::vector<float> turning_points(const activation_row& row, const std::array<float, 2>& parameters);

/// The floating-point environment that a kernel is called in.
enum class rounding { nearest, up, down, zero };
inline constexpr rounding all_roundings[] = {rounding::nearest, rounding::up, rounding::down, rounding::zero};

/// Most error of `row` under a rounding mode, in ulp of f32. A single operation, half a unit in rounding to nearest, is
/// rounded as the mode says; kernels with any other formula run in rounding to nearest. At parameters other than the
/// defaults, which scale the result to another place within its power of two, such a formula has half as much again.
double contract_of(const activation_row& row, accuracy tier, rounding mode, const std::array<float, 2>& parameters);
inline double contract_of(const activation_row& row, accuracy tier, rounding mode) {
  return contract_of(row, tier, mode, row.defaults);
}

/// One row of the table, compiled at its default parameters or at others.
class activation_under_test {
 public:
  static constexpr std::uint32_t usual_width = 256;

  /// Of layers of `width` elements; those of one element have forms of their own. Null, with the compiler's message in
  /// `error`, if the row does not compile for `cpu`.
  static std::unique_ptr<activation_under_test> compile(const activation_row& row, accuracy tier,
                                                        const std::string& cpu, std::string& error,
                                                        std::uint32_t width = usual_width);
  static std::unique_ptr<activation_under_test> compile(const activation_row& row, accuracy tier,
                                                        const std::string& cpu, std::string& error, std::uint32_t width,
                                                        const std::array<float, 2>& parameters);

  const activation_row& row() const { return row_; }

  /// The rounding mode that the kernel is called in from now on; the exact results are those of rounding to nearest.
  void call_in(rounding mode) { mode_ = mode; }

  /// Tests `count` floats: the `first`-th in the order of value (0 is the NaN below -inf) and each `stride`-th after
  /// it.
  accuracy_report test(std::uint64_t first, std::uint64_t count, std::uint64_t stride) const;

  /// Tests every `stride`-th of all 2^32 floats on `threads` threads. `progress` is told the fraction done, now and
  /// then, from the calling thread.
  accuracy_report test_all(std::uint64_t stride, unsigned threads,
                           const std::function<void(double)>& progress = {}) const;

 private:
  activation_under_test(const activation_row& row, std::uint32_t width, const std::array<float, 2>& parameters)
      : row_(row), parameters_(parameters), width_(width) {}

  const activation_row& row_;
  std::array<float, 2> parameters_;
  std::uint32_t width_;
  rounding mode_ = rounding::nearest;
  std::unique_ptr<jit_kernel> kernel_;
};

/// The float with index `i` in the order of value: NaNs with the sign bit, -inf, ..., -0, +0, ..., inf, NaNs.
float float_in_order(std::uint32_t i);
/// The inverse of float_in_order.
std::uint32_t index_in_order(float x);

/// The unit in the last place of f32 at `value`.
double ulp_at(double value);

}  // namespace inlay::tools
