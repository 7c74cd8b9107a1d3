// SPDX-License-Identifier: Apache-2.0
// The compiled derivative of every activation: against the table's derivative on a grid, and inside of networks against
// central differences.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "gradient_check.hpp"
#include "jit_kernel.hpp"

namespace inlay::testing {
namespace {

/// Whether it is trained without being asked to with straight_through, which is the last parameter.
bool trains(const activation_row& row) { return row.id != activation::step && row.id != activation::sign; }
/// Whether it is defined for positive arguments only.
bool is_positive(const activation_row& row) {
  return row.id == activation::log || row.id == activation::sqrt || row.id == activation::rsqrt;
}

/// y = f(w x), with one weight for each of `width` elements.
graph_builder scaled(const activation_row& row, std::uint32_t width, float p0, float p1) {
  graph_builder b("scaled");
  const shape dims{1, {width}};
  const std::uint32_t operands[] = {b.input("x", dims), b.parameter("w", dims)};
  const instruction program[] = {
      {.code = scalar_op::operand, .a = 0},
      {.code = scalar_op::operand, .a = 1},
      {.code = scalar_op::multiply, .a = 0, .b = 1},
      {.code = scalar_op::apply, .function = row.id, .a = 2, .p0 = p0, .p1 = p1},
  };
  const std::uint32_t y = b.map(operands, program, dims);
  const instruction add[] = {{.code = scalar_op::operand, .a = 0}};
  b.output(b.map({&y, 1}, add, dims), "y");
  b.finish();
  return b;
}

TEST(ActivationGradient, AgreesWithTheTable) {
  // The loss is half the difference's square with a target of f(x) - 1 / 2, whose gradient by w at 1 is x f'(x).
  constexpr std::uint32_t width = 81;
  for (const activation_row& row : activation_table) {
    for (int variant = trains(row) ? 0 : 1; variant < (row.parameters > 0 ? 2 : 1); ++variant) {
      const float p0 = row.defaults[0] + (variant == 0 ? 0 : 0.25f), p1 = row.defaults[1] + (variant == 0 ? 0 : 0.5f);
      const graph_builder b = scaled(row, width, p0, p1);
      const graph_view graph = b.view();
      std::vector<float> x(width), target(width);
      for (std::uint32_t i = 0; i < width; ++i) {
        x[i] = is_positive(row) ? 0.05f + 0.1f * static_cast<float>(i) : -8.05f + 0.2f * static_cast<float>(i);
        const double y = row.formula(static_cast<double>(x[i]), static_cast<double>(p0), static_cast<double>(p1));
        target[i] = static_cast<float>(y - 0.5 * width);  // the mean over the elements divides by the width
      }
      std::string error;
      const weights none;
      tools::jit_target how;
      how.train = loss::mse;
      const auto kernels = tools::jit_kernel::compile_all({&graph, 1}, {&none, 1}, how, error);
      ASSERT_EQ(kernels.size(), 2u) << row.name << ": " << error;
      std::vector<float> memory(kernels[1]->memory_bytes() / 4, 0.0f), scratch(kernels[1]->scratch_bytes() / 4 + 1);
      std::fill_n(memory.begin(), width, 1.0f);
      kernels[1]->begin(memory.data(), scratch.data());
      const float* const inputs[] = {x.data(), target.data()};
      ASSERT_EQ(kernels[1]->run_steps(inputs, {}, 1, memory.data(), scratch.data()), 0);
      const float* gradient = memory.data() + training_layout_of(graph).gradients();
      for (std::uint32_t i = 0; i < width; ++i) {
        const double slope =
            row.derivative(static_cast<double>(x[i]), static_cast<double>(p0), static_cast<double>(p1));
        const double expected = slope * static_cast<double>(x[i]);
        // The rounding of the target is worth about 2^-24 of its size.
        EXPECT_NEAR(static_cast<double>(gradient[i]), expected, 4e-6 * std::max(1.0, std::abs(expected)))
            << row.name << "(" << x[i] << "), parameters " << p0 << ", " << p1;
      }
    }
  }
}

TEST(ActivationGradient, TrainsBehindALayer) {
  for (const activation_row& row : activation_table) {
    if (!trains(row)) continue;
    graph_builder b("layered");
    const std::uint32_t x = b.input("x", {1, {5}});
    const std::uint32_t w = b.parameter("fc.weight", {2, {7, 5}}), bias = b.parameter("fc.bias", {1, {7}});
    std::uint32_t h = b.dense("fc", x, w, bias);
    const instruction program[] = {
        {.code = scalar_op::operand, .a = 0},
        {.code = scalar_op::apply, .function = row.id, .a = 0, .p0 = row.defaults[0], .p1 = row.defaults[1]}};
    h = b.map({&h, 1}, program, {1, {7}});
    const std::uint32_t v = b.parameter("out.weight", {2, {3, 7}}), none = no_node;
    b.output(b.dense("out", h, v, none), "y");
    b.finish();
    gradient_check how;
    if (is_positive(row) || row.id == activation::reciprocal) how.low = 0.2;
    EXPECT_EQ(check_gradients(b, how), "") << row.name;
  }
}

TEST(ActivationGradient, IsRefusedWhereItIsZero) {
  for (activation function : {activation::step, activation::sign}) {
    const activation_row& row = row_of(function);
    ::testing::internal::CaptureStderr();
    EXPECT_NE(refusal_of(scaled(row, 3, 0, 0), loss::mse), "");
    const std::string message = ::testing::internal::GetCapturedStderr();
    EXPECT_NE(message.find("'" + std::string(row.name) + "' cannot be trained: its derivative is 0 everywhere"),
              std::string::npos)
        << message;
    EXPECT_NE(message.find("(k x), or pass straight_through"), std::string::npos) << message;
  }
}

}  // namespace
}  // namespace inlay::testing
