// SPDX-License-Identifier: Apache-2.0
// Tests the reference evaluator at run time: the same results as in constant expressions, and parameters from a caller.
#include "inlay/reference.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string_view>
#include <vector>

#include "inlay/dsl.hpp"

namespace {

using namespace inlay;

constexpr auto curve = network("curve", input<f32, 3>("x"), [](auto x) { return tanh(x * sigmoid(x)) + 1; });

constexpr auto everything = network("everything", input<f32, 2, 3>("x"), input<f32, 1>("gain"), [](auto x, auto gain) {
  auto h = scope("encoder", x, [](auto y) { return relu(dense<4>("fc1", flatten(y))); });
  auto mixed = dense("mix", h, constant<f32, 2, 4>({1, 2, 3, 4, -1, -2, -3, -4}), param<f32, 2>("offset"));
  auto joined = concat(h, softplus(mixed * gain, 2, 10, fast), where(mixed > 0.5f, mixed, -mixed));
  return outputs(output("p", softmax(joined)), output("mixed", mixed));
});

/// The relative difference; 0 if both are NaN or the same infinity.
double difference(double a, double b) {
  if (a == b || (a != a && b != b)) return 0;
  return std::abs(a - b) / std::max(std::abs(b), 1e-300);
}

constexpr std::array points{-1e300, -750.0,  -700.5, -30.0,  -2.5, -0.9,  -0.36, -0.34, -1e-3,
                            -1e-9,  -1e-300, 0.0,    1e-300, 1e-9, 1e-3,  0.34,  0.36,  0.7,
                            1.0,    2.5,     19.9,   20.1,   88.0, 700.5, 710.0, 1e300};

template <double (*F)(double)>
constexpr auto at_points() {
  std::array<double, points.size()> y{};
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = F(points[i]);
  return y;
}

TEST(ConstantMath, AgreesWithTheStandardLibrary) {
  constexpr auto exps = at_points<math::exp>(), expm1s = at_points<math::expm1>(), tanhs = at_points<math::tanh>(),
                 log1ps = at_points<math::log1p>();
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double x = points[i];
    EXPECT_LE(difference(exps[i], std::exp(x)), 1e-15) << "exp " << x;
    EXPECT_LE(difference(expm1s[i], std::expm1(x)), 2e-15) << "expm1 " << x;
    EXPECT_LE(difference(tanhs[i], std::tanh(x)), 2e-15) << "tanh " << x;
    EXPECT_LE(difference(log1ps[i], std::log1p(x)), 2e-15) << "log1p " << x;
  }
}

TEST(Reference, IsTheSameAtRunTime) {
  constexpr std::array<float, 3> sample{-1.5f, 0.25f, 3};
  constexpr auto constant = evaluation_of<curve>(sample);
  volatile float opaque = sample[0];
  const auto running = evaluation_of<curve>({opaque, sample[1], sample[2]});
  for (std::size_t i = 0; i < constant.size(); ++i) {
    EXPECT_NEAR(constant[i], running[i], 1e-7);
    const double x = static_cast<double>(sample[i]);
    EXPECT_NEAR(constant[i], std::tanh(x / (1 + std::exp(-x))) + 1, 1e-6);
  }
}

TEST(Reference, TakesParametersFromItsCaller) {
  const graph_view g = graph_of<everything>;
  const std::array<float, 6> x{1, -2, 3, -4, 5, -6};
  const std::array<float, 1> gain{0.5f};
  std::map<std::string_view, std::vector<float>> weights;
  weights["encoder.fc1.weight"].assign(24, 0.0f);
  for (std::size_t row = 0; row < 4; ++row) weights["encoder.fc1.weight"][row * 6 + row] = 1;  // picks x[row]
  weights["encoder.fc1.bias"] = {0, 0, 0, 5};
  weights["offset"] = {-10, 20};

  std::vector<double> mixed, probabilities;
  reference::evaluate(
      g, [&](std::size_t i) { return i == 0 ? std::span<const float>(x) : std::span<const float>(gain); },
      [&](const node_record& n) { return std::span<const float>(weights.at(g.name_of(n))); },
      [&](std::uint32_t node, std::span<const double> elements) {
        if (node == g.outputs[0].node) probabilities.assign(elements.begin(), elements.end());
        if (node == g.outputs[1].node) mixed.assign(elements.begin(), elements.end());
      });

  // h = relu({1, -2, 3, -4} + {0, 0, 0, 5}) = {1, 0, 3, 1}; weight . h = {14, -14}
  EXPECT_EQ(mixed, (std::vector<double>{4, 6}));
  const auto soft = [](double v) { return std::log(1 + std::exp(2 * v)) / 2; };
  const std::array<double, 8> joined{1, 0, 3, 1, soft(2), soft(3), 4, 6};
  double sum = 0;
  for (double v : joined) sum += std::exp(v);
  ASSERT_EQ(probabilities.size(), joined.size());
  for (std::size_t i = 0; i < joined.size(); ++i) EXPECT_NEAR(probabilities[i], std::exp(joined[i]) / sum, 1e-12) << i;
}

}  // namespace
