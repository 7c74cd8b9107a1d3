// SPDX-License-Identifier: Apache-2.0
// Measures a compiled activation against its formula in double.
#include "accuracy.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cfenv>
#include <chrono>
#include <cmath>
#include <thread>
#include <vector>

namespace inlay::tools {
namespace {

constexpr std::uint64_t all_floats = std::uint64_t{1} << 32;
constexpr std::size_t chunk = 1 << 16;  // floats per call of the kernel

/// Whether NaN, infinities and the sign of zero are right.
/// `scaled` means that the contract is approximate_error.
bool special_is_right(const activation_row& row, float x, float found, double expected, rounding mode, bool scaled) {
  if (std::isnan(expected) || std::isnan(found)) return std::isnan(expected) && std::isnan(found);
  if (!in_domain(row, x)) return std::abs(found) <= 1.0001f;
  // If the formula keeps a zero argument with its sign, so must the kernel. Other zeros may have either sign.
  if (x == 0 && expected == 0 && std::signbit(x) == std::signbit(expected))
    return found == 0 && std::signbit(found) == std::signbit(x);
  if (!std::isinf(expected) && !std::isinf(found)) return true;
  // A result near 2^128 may round to the largest float or to infinity. In a mode other than to nearest, so may every
  // finite result beyond the largest float.
  const double magnitude = std::abs(expected);
  if (scaled && std::abs(magnitude - 0x1p128) < 0x1p115) return std::isinf(found) || std::abs(found) > 0x1p127f;
  const bool at_the_edge = mode == rounding::nearest ? std::abs(magnitude - 0x1p128) < 0x1p105
                                                     : !std::isinf(expected) && magnitude > 0x1p128 - 0x1p104;
  const bool same_side = std::abs(found) >= std::numeric_limits<float>::max() && std::signbit(found) == (expected < 0);
  return static_cast<float>(expected) == found || (at_the_edge && same_side);
}

/// Sets a rounding mode during its lifetime.
class rounding_scope {
 public:
  explicit rounding_scope(rounding mode) : before_(std::fegetround()) {
    constexpr int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    std::fesetround(modes[static_cast<std::size_t>(mode)]);
  }
  ~rounding_scope() { std::fesetround(before_); }
  rounding_scope(const rounding_scope&) = delete;
  rounding_scope& operator=(const rounding_scope&) = delete;

 private:
  int before_;
};

}  // namespace

bool in_domain(const activation_row& row, float x) {
  const bool periodic = row.id == activation::sin || row.id == activation::cos;
  return !periodic || std::abs(x) <= 32768;
}

float float_in_order(std::uint32_t i) { return std::bit_cast<float>(i & 0x80000000u ? i & 0x7fffffffu : ~i); }

std::uint32_t index_in_order(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

double ulp_at(double value) {
  const double magnitude = std::abs(value);
  if (magnitude < 0x1p-126) return 0x1p-149;
  if (magnitude >= 0x1p127) return 0x1p104;
  // 2^-23 times the power of two at or below the value.
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(magnitude) & 0x7ff0000000000000u) * 0x1p-23;
}

void accuracy_report::merge(const accuracy_report& other) {
  tested += other.tested;
  if (other.ulp > ulp) ulp = other.ulp, ulp_at = other.ulp_at;
  if (other.absolute > absolute) absolute = other.absolute, absolute_at = other.absolute_at;
  if (other.scaled > scaled) scaled = other.scaled, scaled_at = other.scaled_at;
  back = std::max(back, other.back);
  if (other.against > 0) against += other.against, against_at = other.against_at;
  if (other.wrong > 0) wrong += other.wrong, wrong_at = other.wrong_at;
}

graph_builder activation_network(const activation_row& row, accuracy tier, std::uint32_t elements,
                                 const std::array<float, 2>& parameters) {
  graph_builder b("activation");
  const std::uint32_t operands[] = {b.input("x", {1, {elements}})};
  const instruction program[] = {
      {.code = scalar_op::operand, .a = 0},
      {.code = scalar_op::apply, .function = row.id, .tier = tier, .a = 0, .p0 = parameters[0], .p1 = parameters[1]}};
  b.output(b.map(operands, program, {1, {elements}}), "y");
  b.finish();
  return b;
}

bool keeps_contract(const accuracy_report& report, const activation_row& row, accuracy tier, rounding mode,
                    const std::array<float, 2>& parameters) {
  if (report.wrong > 0) return false;
  if (tier == accuracy::approximate && row.has_approximate) return report.scaled <= approximate_error;
  return report.ulp <= contract_of(row, tier, mode, parameters);
}

double contract_of(const activation_row& row, accuracy tier, rounding mode, const std::array<float, 2>& parameters) {
  const double nearest = static_cast<double>(row.contract(tier));
  if (nearest <= 0.5) return mode == rounding::nearest ? nearest : 1;
  return parameters == row.defaults ? nearest : 1.5 * nearest;
}

std::vector<float> turning_points(const activation_row& row, const std::array<float, 2>& parameters) {
  std::vector<float> points = {0.0f,      0x1p-126f,  1.0f,       std::numeric_limits<float>::infinity(),
                               88.72284f, 103.97208f, 9.0109135f, 0.6f,
                               0.92f,     3.95f,      14.5f,      20.0f,
                               32768.0f,  7.0f,       10.4f,      0x1p126f};
  if (row.parameters == 0) return points;
  for (const float p : parameters) points.push_back(std::abs(p));
  // The first parameter may scale x, and the second may be a threshold for the scaled x. Its exponential overflows
  // at 88.7 and underflows at -104.
  for (const float scaled : {1.0f, 20.0f, 88.7f, 104.0f, parameters[1]}) {
    points.push_back(std::abs(scaled / parameters[0]));
    points.push_back(std::abs(scaled * parameters[0]));
  }
  std::erase_if(points, [](float point) { return std::isnan(point); });
  return points;
}

std::unique_ptr<activation_under_test> activation_under_test::compile(const activation_row& row, accuracy tier,
                                                                      const std::string& cpu, std::string& error,
                                                                      std::uint32_t width) {
  return compile(row, tier, cpu, error, width, row.defaults);
}

std::unique_ptr<activation_under_test> activation_under_test::compile(const activation_row& row, accuracy tier,
                                                                      const std::string& cpu, std::string& error,
                                                                      std::uint32_t width,
                                                                      const std::array<float, 2>& parameters) {
  const graph_builder b = activation_network(row, tier, width, parameters);
  std::unique_ptr<activation_under_test> result(new activation_under_test(row, width, parameters));
  result->scaled_ = tier == accuracy::approximate && row.has_approximate;
  result->kernel_ = jit_kernel::compile(b.view(), {}, {.cpu = cpu}, error);
  return result->kernel_ ? std::move(result) : nullptr;
}

accuracy_report activation_under_test::test(std::uint64_t first, std::uint64_t count, std::uint64_t stride) const {
  accuracy_report report;
  std::vector<float> in(chunk + width_), out(chunk + width_);
  std::vector<std::byte> scratch(kernel_->scratch_bytes());
  double before = std::nan("");  // the exact and the found result at the previous float
  float found_before = 0;
  for (std::uint64_t start = 0; start < count; start += chunk) {
    const std::size_t n = static_cast<std::size_t>(std::min<std::uint64_t>(chunk, count - start));
    const std::size_t samples = (n + width_ - 1) / width_;
    for (std::size_t i = 0; i < samples * width_; ++i) {
      const std::uint64_t index = first + (start + i) * stride;
      in[i] = index < all_floats ? float_in_order(static_cast<std::uint32_t>(index)) : 0.0f;
    }
    const float* inputs[] = {in.data()};
    float* outputs[] = {out.data()};
    {
      const rounding_scope scope(mode_);
      kernel_->run(inputs, outputs, samples, scratch.data());
    }
    for (std::size_t i = 0; i < n; ++i) {
      const double expected = row_.formula(static_cast<double>(in[i]), static_cast<double>(parameters_[0]),
                                           static_cast<double>(parameters_[1]));
      const float found = out[i];
      ++report.tested;
      if (!special_is_right(row_, in[i], found, expected, mode_, scaled_)) ++report.wrong, report.wrong_at = in[i];
      if (!in_domain(row_, in[i]) || !std::isfinite(expected) || !std::isfinite(found)) {
        before = std::nan("");
        continue;
      }
      // In a mode other than to nearest, the result for such a value may be the largest float.
      const bool saturates = mode_ != rounding::nearest && std::abs(expected) >= 0x1p128;
      const double error = saturates ? 0 : std::abs(static_cast<double>(found) - expected);
      if (error > report.absolute) report.absolute = error, report.absolute_at = in[i];
      if (const double scaled = error / std::max(1.0, std::abs(expected)); scaled > report.scaled)
        report.scaled = scaled, report.scaled_at = in[i];
      if (const double ulp = error / ulp_at(expected); ulp > report.ulp) report.ulp = ulp, report.ulp_at = in[i];
      // At the first float of a run `before` is NaN, so both comparisons are false.
      if ((expected >= before && found < found_before) || (expected <= before && found > found_before)) {
        ++report.against, report.against_at = in[i];
        report.back = std::max(report.back, std::abs(static_cast<double>(found) - static_cast<double>(found_before)));
      }
      before = expected, found_before = found;
    }
  }
  return report;
}

accuracy_report activation_under_test::test_all(std::uint64_t stride, unsigned threads,
                                                const std::function<void(double)>& progress) const {
  const std::uint64_t total = (all_floats + stride - 1) / stride;
  // Pieces overlap by one float, so that every pair of neighbours is compared. `tested` counts each float once.
  constexpr std::uint64_t piece = std::uint64_t{1} << 20;
  const std::uint64_t pieces = (total + piece - 1) / piece;
  std::atomic<std::uint64_t> next = 0, done = 0;
  std::vector<accuracy_report> reports(threads);
  std::vector<std::thread> workers;
  for (unsigned t = 0; t < threads; ++t)
    workers.emplace_back([&, t] {
      for (std::uint64_t p; (p = next++) < pieces; ++done) {
        const std::uint64_t overlap = p == 0 ? 0 : 1;
        const std::uint64_t start = p * piece - overlap;
        accuracy_report report = test(start * stride, std::min(total, (p + 1) * piece) - start, stride);
        report.tested -= overlap;
        reports[t].merge(report);
      }
    });
  while (progress && done < pieces) {
    progress(static_cast<double>(done) / static_cast<double>(pieces));
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  for (std::thread& worker : workers) worker.join();
  accuracy_report all;
  for (const accuracy_report& report : reports) all.merge(report);
  return all;
}

}  // namespace inlay::tools
