// SPDX-License-Identifier: Apache-2.0
// Tests every activation of the table against independently computed values, and the two engines against each other
// over the whole range of f32.
#include <algorithm>
#include <bit>
#include <cmath>

#include "engine_comparison.hpp"

namespace inlay::testing {
namespace {

constexpr float kPoints[] = {-2, -0.5f, 0, 0.5f, 2};

struct known_values {
  activation function;
  float p0, p1;
  float at[std::size(kPoints)];
};

// Computed from the definitions in PyTorch's documentation, to nine digits. Parameters differ from the defaults.
constexpr known_values kKnown[] = {
    {activation::relu, 0, 0, {0, 0, 0, 0.5f, 2}},
    {activation::leaky_relu, 0.25f, 0, {-0.5f, -0.125f, 0, 0.5f, 2}},
    {activation::sigmoid, 0, 0, {0.119202922f, 0.377540669f, 0.5f, 0.622459331f, 0.880797078f}},
    {activation::tanh, 0, 0, {-0.96402758f, -0.462117157f, 0, 0.462117157f, 0.96402758f}},
    {activation::softplus, 2, 3, {0.00907496396f, 0.156630844f, 0.34657359f, 0.656630844f, 2}},
    {activation::step, 0.5f, 0, {0, 0, 0, 0, 1}},
    {activation::exp, 0, 0, {0.135335283f, 0.60653066f, 1, 1.64872127f, 7.3890561f}},
    {activation::relu6, 0, 0, {0, 0, 0, 0.5f, 2}},
    {activation::elu, 0.5f, 0, {-0.432332358f, -0.19673467f, 0, 0.5f, 2}},
    {activation::selu, 0, 0, {-1.52016647f, -0.691758188f, 0, 0.525350494f, 2.10140197f}},
    {activation::celu, 0.5f, 0, {-0.490842181f, -0.316060279f, 0, 0.5f, 2}},
    {activation::gelu, 0, 0, {-0.0455002639f, -0.154268769f, 0, 0.345731231f, 1.95449974f}},
    {activation::gelu_tanh, 0, 0, {-0.0454023059f, -0.15428599f, 0, 0.34571401f, 1.95459769f}},
    {activation::silu, 0, 0, {-0.238405844f, -0.188770334f, 0, 0.311229666f, 1.76159416f}},
    {activation::mish, 0, 0, {-0.252501483f, -0.220743775f, 0, 0.375245211f, 1.94395896f}},
    {activation::hard_sigmoid, 0, 0, {0.166666667f, 0.416666667f, 0.5f, 0.583333333f, 0.833333333f}},
    {activation::hard_swish, 0, 0, {-0.333333333f, -0.208333333f, 0, 0.291666667f, 1.66666667f}},
    {activation::hard_tanh, -0.25f, 1.5f, {-0.25f, -0.25f, 0, 0.5f, 1.5f}},
    {activation::log_sigmoid, 0, 0, {-2.12692801f, -0.974076984f, -0.693147181f, -0.474076984f, -0.126928011f}},
    {activation::softsign, 0, 0, {-0.666666667f, -0.333333333f, 0, 0.333333333f, 0.666666667f}},
    {activation::log, 0, 0, {kNan, kNan, -kInfinity, -0.693147181f, 0.693147181f}},
    {activation::sqrt, 0, 0, {kNan, kNan, 0, 0.707106781f, 1.41421356f}},
    {activation::rsqrt, 0, 0, {kNan, kNan, kInfinity, 1.41421356f, 0.707106781f}},
    {activation::abs, 0, 0, {2, 0.5f, 0, 0.5f, 2}},
    {activation::sign, 0, 0, {-1, -1, 0, 1, 1}},
    {activation::square, 0, 0, {4, 0.25f, 0, 0.25f, 4}},
    {activation::reciprocal, 0, 0, {-0.5f, -2, kInfinity, 2, 0.5f}},
    {activation::sin, 0, 0, {-0.909297427f, -0.479425539f, 0, 0.479425539f, 0.909297427f}},
    {activation::cos, 0, 0, {-0.416146837f, 0.877582562f, 1, 0.877582562f, -0.416146837f}},
    {activation::erf, 0, 0, {-0.995322265f, -0.520499878f, 0, 0.520499878f, 0.995322265f}},
    {activation::threshold, 0.5f, -7, {-7, -7, -7, -7, 2}},
    {activation::clamp, -0.5f, 0.25f, {-0.5f, -0.5f, 0, 0.25f, 0.25f}},
    // Where the minimum exceeds the maximum, torch.clamp gives the maximum for every x.
    {activation::clamp, 20, 0.125f, {0.125f, 0.125f, 0.125f, 0.125f, 0.125f}},
    {activation::hard_tanh, 0.5f, -0.25f, {-0.25f, -0.25f, -0.25f, -0.25f, -0.25f}},
};

std::vector<instruction> program_of(activation function, float p0, float p1) {
  return {{.code = scalar_op::operand, .a = 0},
          {.code = scalar_op::apply, .function = function, .a = 0, .p0 = p0, .p1 = p1}};
}

class Activations : public ::testing::TestWithParam<engine> {};

TEST_P(Activations, KnownValues) {
  const tensors x = {{std::begin(kPoints), std::end(kPoints)}};
  for (const known_values& known : kKnown) {
    const auto y = run_program(program_of(known.function, known.p0, known.p1), x, GetParam());
    for (std::size_t i = 0; i < y.size(); ++i) {
      const float expected = known.at[i];
      if (std::isnan(expected))
        EXPECT_TRUE(std::isnan(y[i])) << row_of(known.function).name << " of " << kPoints[i] << " is " << y[i];
      else if (std::isinf(expected))
        EXPECT_EQ(y[i], expected) << row_of(known.function).name << " of " << kPoints[i];
      else
        EXPECT_NEAR(y[i], expected, 1e-6f * std::max(1.0f, std::abs(expected)))
            << row_of(known.function).name << " of " << kPoints[i];
    }
  }
}

TEST_P(Activations, KeepNan) {
  for (const known_values& known : kKnown) {
    const auto y = run_program(program_of(known.function, known.p0, known.p1), {{kNan, 1, -kNan}}, GetParam());
    EXPECT_TRUE(std::isnan(y[0]) && !std::isnan(y[1]) && std::isnan(y[2])) << row_of(known.function).name;
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, Activations, ::testing::ValuesIn(kEngines),
                         [](const auto& each) { return name_of(each.param); });

TEST(ActivationTable, EveryRowHasKnownValues) {
  for (const activation_row& row : activation_table)
    EXPECT_GE(std::ranges::count(kKnown, row.id, &known_values::function), 1)
        << row.name << ": add it to kKnown, with values computed apart from the table";
}

/// Corner cases, a fine grid where activations bend, and numbers of every magnitude.
std::vector<float> sweep() {
  std::vector<float> x(std::begin(kEdges), std::end(kEdges));
  for (int i = -3200; i <= 3200; ++i) x.push_back(static_cast<float>(i) / 128);
  for (float f : {-103.9f, -104.1f, -88.0f, -87.3f, 88.7f, 88.8f, 103.0f, 1e4f, -1e4f}) x.push_back(f);
  // Both signs of every exponent. For numbers above 2^15 sin and cos have no contract, but must be finite.
  for (std::uint32_t high = 0; high < 0x10000; high += 61) x.push_back(std::bit_cast<float>(high << 16 | 0x5a5a));
  return x;
}

TEST(ActivationEngines, AgreeOverTheWholeRange) {
  const tensors x = {sweep()};
  for (const activation_row& row : activation_table) {
    const known_values* known = std::ranges::find(kKnown, row.id, &known_values::function);
    std::vector<std::array<float, 2>> parameters = {row.defaults};
    if (known != std::end(kKnown)) parameters.push_back({known->p0, known->p1});
    for (const auto& [p0, p1] : parameters) {
      const std::vector<instruction> program = program_of(row.id, p0, p1);
      const auto expected = run_program(program, x, engine::reference);
      const auto found = run_program(program, x, engine::baseline);
      EXPECT_EQ(difference(found, expected), "") << row.name << "(" << p0 << ", " << p1 << ")";
    }
  }
}

}  // namespace
}  // namespace inlay::testing
