// SPDX-License-Identifier: Apache-2.0
// The accuracy contract of every activation, on a sample of all floats: every binade, both signs, denormals, and the
// neighbourhood of the specials. Prints the largest error of each.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "kernel_harness.hpp"

namespace inlay::testing {
namespace {

/// The unit in the last place of f32 at `value`; denormals and what overflows count in the last unit that there is.
double ulp_at(double value) {
  const double magnitude = std::abs(value);
  if (magnitude < 0x1p-126) return 0x1p-149;
  if (magnitude >= 0x1p127) return 0x1p104;
  return std::ldexp(1.0, std::ilogb(magnitude) - 23);
}

std::vector<float> sample_of_all_floats() {
  std::vector<float> x;
  for (std::uint64_t bits = 0; bits < 0x100000000u; bits += 5003)
    x.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  for (std::uint32_t centre :
       {0x00000000u, 0x00800000u, 0x3f800000u, 0x7f800000u, 0x42b17218u, 0x42cff1b5u, 0x41102cb4u})
    for (int i = -64; i <= 64; ++i)
      for (std::uint32_t sign : {0u, 0x80000000u})
        x.push_back(std::bit_cast<float>((centre + static_cast<std::uint32_t>(i)) ^ sign));
  return x;
}

struct error_report {
  double ulp = 0;
  float at = 0;
  std::string wrong;  // NaN or infinity in the wrong place
};

error_report measure(const activation_row& row, const std::string& cpu, std::span<const float> x) {
  graph_builder b("accuracy");
  const std::uint32_t operands[] = {b.input("x", {1, {64}})};
  const instruction program[] = {
      {.code = scalar_op::operand, .a = 0},
      {.code = scalar_op::apply, .function = row.id, .a = 0, .p0 = row.defaults[0], .p1 = row.defaults[1]}};
  b.output(b.map(operands, program, {1, {64}}), "y");
  b.finish();
  const kernel compiled(b, {}, cpu);
  std::vector<float> in(x.begin(), x.end());
  in.resize((in.size() + 63) / 64 * 64, 0.0f);
  std::vector<float> out(in.size());
  std::vector<std::byte> scratch(static_cast<std::size_t>(compiled.summary().scratchBytes));
  const float* inputs[] = {in.data()};
  float* outputs[] = {out.data()};
  EXPECT_EQ(compiled.run(inputs, outputs, in.size() / 64, scratch.data()), 0);

  const bool periodic = row.id == activation::sin || row.id == activation::cos;
  error_report report;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const double expected = row.formula(static_cast<double>(in[i]), static_cast<double>(row.defaults[0]),
                                        static_cast<double>(row.defaults[1]));
    const float found = out[i];
    if (periodic && !(std::abs(in[i]) <= 32768)) {
      // Outside of the contract, but never outside of the range.
      if (std::isnan(found) != std::isnan(expected) || std::abs(found) > 1.0001f) report.wrong = std::to_string(in[i]);
      continue;
    }
    if (std::isnan(expected) || std::isnan(found)) {
      if (std::isnan(expected) != std::isnan(found))
        report.wrong = std::to_string(in[i]) + " gives " + std::to_string(found);
      continue;
    }
    if (std::isinf(expected) || std::isinf(found)) {
      // The float next to overflow may round either way; infinity must not appear or vanish anywhere else.
      const bool at_the_edge = std::abs(std::abs(expected) - 0x1p128) < 0x1p105;
      if (static_cast<float>(expected) != found && !at_the_edge)
        report.wrong = std::to_string(in[i]) + " gives " + std::to_string(found);
      continue;
    }
    const double error = std::abs(static_cast<double>(found) - expected) / ulp_at(expected);
    if (error > report.ulp) report.ulp = error, report.at = in[i];
  }
  return report;
}

class Accuracy : public ::testing::TestWithParam<std::string> {};

TEST_P(Accuracy, EveryActivationKeepsItsContract) {
  const std::vector<float> x = sample_of_all_floats();
  for (const activation_row& row : activation_table) {
    const error_report report = measure(row, GetParam(), x);
    std::printf("%-13s %6.4f ulp at %-15g contract %g\n", std::string(row.name).c_str(), report.ulp,
                static_cast<double>(report.at), static_cast<double>(row.exact_ulp));
    EXPECT_EQ(report.wrong, "") << row.name;
    EXPECT_LE(report.ulp, static_cast<double>(row.exact_ulp)) << row.name << " at " << report.at;
  }
}

INSTANTIATE_TEST_SUITE_P(Cpus, Accuracy, ::testing::ValuesIn(runnable_cpus()), [](const auto& each) {
  std::string name = each.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace inlay::testing
