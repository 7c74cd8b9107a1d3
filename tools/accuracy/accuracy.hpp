// SPDX-License-Identifier: Apache-2.0
// Measures a compiled activation against its formula in double, float by float. inlay-certify visits all 2^32 floats,
// the tests visit a sample.
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

/// What was found. Errors are in f32 ulp of the exact result: 2^-149 for denormals, 2^104 for results beyond the
/// largest float.
struct accuracy_report {
  std::uint64_t tested = 0;
  double ulp = 0;  ///< largest error, within the contract's domain
  float ulp_at = 0;
  double absolute = 0;  ///< largest |found - exact|, within the contract's domain
  float absolute_at = 0;
  double scaled = 0;  ///< largest |found - exact| / max(1, |exact|), within the contract's domain
  float scaled_at = 0;
  std::uint64_t against = 0;  ///< neighbours between which the result moves in the wrong direction
  float against_at = 0;
  double back = 0;          ///< largest such step
  std::uint64_t wrong = 0;  ///< results that differ from the exact one in being NaN or infinite, or in a zero's sign
  float wrong_at = 0;

  void merge(const accuracy_report& other);
};

/// The network "activation", which applies `row` to each of `width` elements.
graph_builder activation_network(const activation_row& row, accuracy tier, std::uint32_t width,
                                 const std::array<float, 2>& parameters);
inline graph_builder activation_network(const activation_row& row, accuracy tier, std::uint32_t width) {
  return activation_network(row, tier, width, row.defaults);
}

/// The values around which `row` is tested, with both signs: where it saturates, overflows, underflows or changes its
/// formula, and its parameters.
std::vector<float> turning_points(const activation_row& row, const std::array<float, 2>& parameters);

/// Whether the contract covers x. For large x it does not cover the reduction of sine and cosine; only NaN and the
/// range are checked there.
bool in_domain(const activation_row& row, float x);

/// The floating-point environment that a kernel is called in.
enum class rounding { nearest, up, down, zero };
inline constexpr rounding all_roundings[] = {rounding::nearest, rounding::up, rounding::down, rounding::zero};

/// Whether a report keeps the contract of `row`: contract_of(), or approximate_error for an `approximate` form.
bool keeps_contract(const accuracy_report& report, const activation_row& row, accuracy tier, rounding mode,
                    const std::array<float, 2>& parameters);

/// The largest error allowed for `row` in a rounding mode, in f32 ulp. A row of one operation has a contract of 0.5 ulp
/// and is rounded by the mode, so other modes than to nearest allow 1 ulp. Kernels of other rows compute in rounding to
/// nearest. Their contract is 1.5 times as large at parameters other than the defaults, because these move a result
/// within its power of two.
double contract_of(const activation_row& row, accuracy tier, rounding mode, const std::array<float, 2>& parameters);
inline double contract_of(const activation_row& row, accuracy tier, rounding mode) {
  return contract_of(row, tier, mode, row.defaults);
}

/// One row of the table, compiled with its default parameters or others.
class activation_under_test {
 public:
  static constexpr std::uint32_t usual_width = 256;

  /// Compiles the row on a layer of `width` elements; width 1 has code of its own. Returns null, with the compiler's
  /// message in `error`, if the row does not compile for `cpu`.
  static std::unique_ptr<activation_under_test> compile(const activation_row& row, accuracy tier,
                                                        const std::string& cpu, std::string& error,
                                                        std::uint32_t width = usual_width);
  static std::unique_ptr<activation_under_test> compile(const activation_row& row, accuracy tier,
                                                        const std::string& cpu, std::string& error, std::uint32_t width,
                                                        const std::array<float, 2>& parameters);

  const activation_row& row() const { return row_; }

  /// Sets the rounding mode for calls of the kernel. Exact results are still computed in rounding to nearest.
  void call_in(rounding mode) { mode_ = mode; }

  /// Tests `count` floats: the `first`-th in the order of value (0 is a NaN below -inf) and every `stride`-th after it.
  accuracy_report test(std::uint64_t first, std::uint64_t count, std::uint64_t stride) const;

  /// Tests every `stride`-th of all 2^32 floats on `threads` threads. From time to time the calling thread calls
  /// `progress` with the fraction done.
  accuracy_report test_all(std::uint64_t stride, unsigned threads,
                           const std::function<void(double)>& progress = {}) const;

 private:
  activation_under_test(const activation_row& row, std::uint32_t width, const std::array<float, 2>& parameters)
      : row_(row), parameters_(parameters), width_(width) {}

  const activation_row& row_;
  std::array<float, 2> parameters_;
  std::uint32_t width_;
  rounding mode_ = rounding::nearest;
  bool scaled_ = false;  // the contract is approximate_error
  std::unique_ptr<jit_kernel> kernel_;
};

/// The float with index `i` in the order of value: NaNs with the sign bit, -inf, ..., -0, +0, ..., inf, NaNs.
float float_in_order(std::uint32_t i);
/// The inverse of float_in_order.
std::uint32_t index_in_order(float x);

/// The f32 ulp at `value`.
double ulp_at(double value);

}  // namespace inlay::tools
