// SPDX-License-Identifier: Apache-2.0
// Tests what folding does to accuracy: compares networks that inlayc may fold, and the same networks in a form that it
// may not fold, with their formula in double.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <functional>

#include "kernel_harness.hpp"

namespace inlay::testing {
namespace {

using samples = std::vector<std::vector<float>>;
using formula = std::function<std::vector<double>(const std::vector<float>&)>;

weight_tensor tensor_of(std::string name, std::vector<std::uint64_t> shape, std::vector<float> values) {
  weight_tensor tensor;
  tensor.name = std::move(name);
  tensor.shape.assign(shape.begin(), shape.end());
  tensor.values = std::move(values);
  return tensor;
}

weights weights_of(std::vector<weight_tensor> tensors) {
  weights w;
  w.tensors = std::move(tensors);
  std::sort(w.tensors.begin(), w.tensors.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return w;
}

std::vector<float> uniform(std::mt19937& random, std::size_t count, double from, double to) {
  std::vector<float> numbers(count);
  for (float& each : numbers) each = static_cast<float>(std::uniform_real_distribution<double>(from, to)(random));
  return numbers;
}

/// weight x + bias.
std::vector<double> linear(const std::vector<float>& weight, const std::vector<float>& bias,
                           const std::vector<double>& x) {
  std::vector<double> y(weight.size() / x.size());
  for (std::size_t n = 0; n < y.size(); ++n) {
    y[n] = bias.empty() ? 0.0 : static_cast<double>(bias[n]);
    for (std::size_t k = 0; k < x.size(); ++k) y[n] += static_cast<double>(weight[n * x.size() + k]) * x[k];
  }
  return y;
}

std::vector<double> widened(const std::vector<float>& x) { return {x.begin(), x.end()}; }

/// Appends (x - mean) * factor, with the parameters `<name>.mean` and `<name>.factor`.
std::uint32_t normalise(graph_builder& b, const char* name, std::uint32_t x, std::uint32_t width) {
  b.enter_scope(name);
  const std::uint32_t operands[] = {x, b.parameter("mean", {1, {width}}), b.parameter("factor", {1, {width}})};
  b.leave_scope();
  const instruction program[] = {{.code = scalar_op::operand, .a = 0},
                                 {.code = scalar_op::operand, .a = 1},
                                 {.code = scalar_op::operand, .a = 2},
                                 {.code = scalar_op::subtract, .a = 0, .b = 1},
                                 {.code = scalar_op::multiply, .a = 3, .b = 2}};
  return b.map(operands, program, {1, {width}});
}

struct outcome {
  double rms = 0, largest = 0;
};

/// Compiles the network, runs all samples in one batch and compares the first output, "y", with the formula.
outcome errors_of(const graph_builder& b, const weights& w, const samples& inputs, const formula& expected,
                  const tools::jit_target& target) {
  const auto kernel = compile(b, w, target);
  outcome result;
  std::vector<float> in;
  for (const auto& each : inputs) in.insert(in.end(), each.begin(), each.end());
  std::vector<std::vector<float>> out;
  for (const output_record& output : b.view().outputs)
    out.emplace_back(inputs.size() * static_cast<std::size_t>(b.view().nodes[output.node].dims.elements()));
  std::vector<float*> outputs;
  for (auto& each : out) outputs.push_back(each.data());
  std::vector<std::byte> scratch(kernel->scratch_bytes() + 1);
  const float* const pointers[] = {in.data()};
  if (kernel->run(pointers, outputs, inputs.size(), scratch.data()) != 0) std::abort();
  std::size_t count = 0;
  for (const auto& each : inputs)
    for (double y : expected(each)) {
      const double error = std::abs(static_cast<double>(out[0][count++]) - y);
      result.largest = error <= result.largest ? result.largest : error;
      result.rms += error * error;
    }
  result.rms = std::sqrt(result.rms / static_cast<double>(count));
  return result;
}

/// A network in two forms. One may be folded; the other also returns the value between its layers, so it may not.
struct subject {
  graph_builder foldable{"foldable"}, kept{"kept"};
  weights parameters;
  formula expected;

  template <class Build>
  void build(std::uint32_t inputs, Build between_and_last) {
    for (graph_builder* b : {&foldable, &kept}) {
      const auto [between, last] = between_and_last(*b, b->input("x", {1, {inputs}}));
      b->output(last, "y");
      if (b == &kept) b->output(between, "between");
      ASSERT_FALSE(b->finish());
    }
  }
};

class Folding : public ::testing::TestWithParam<std::string> {
 protected:
  /// The folded network's error may be `factor` times the unfolded network's, with bf16 weights 2.5 times.
  void expect_as_exact(const subject& s, const samples& inputs, const std::string& what, double factor = 8) {
    for (const bool bf16 : {false, true}) {
      const tools::jit_target target{.cpu = GetParam(), .bf16_weights = bf16};
      const outcome folded = errors_of(s.foldable, s.parameters, inputs, s.expected, target);
      const outcome kept = errors_of(s.kept, s.parameters, inputs, s.expected, target);
      // Even if the unfolded error is 0, the result may be rounded.
      const double most = bf16 ? 2.5 * kept.rms + 1e-6 : factor * kept.rms + 6e-8;
      EXPECT_LE(folded.rms, most) << what << (bf16 ? ", bf16" : ", f32") << ": largest error folded " << folded.largest
                                  << ", unfolded " << kept.largest;
      RecordProperty(what + (bf16 ? " bf16" : " f32"), std::to_string(folded.rms / kept.rms));
    }
  }
};

constexpr std::uint32_t kInputs = 64, kOutputs = 32;

/// Inputs for which (x - mean) / deviation has size 1.
samples around(std::mt19937& random, double mean, double deviation) {
  samples inputs;
  for (int i = 0; i < 40; ++i) inputs.push_back(uniform(random, kInputs, mean - deviation, mean + deviation));
  return inputs;
}

TEST_P(Folding, NormalisedInputs) {
  std::mt19937 random(1);
  for (const auto& [mean, deviation] :
       {std::pair{0.0, 1.0}, std::pair{2.0, 3.0}, std::pair{127.0, 64.0}, std::pair{0.485, 0.229}, std::pair{25.0, 5.0},
        std::pair{293.0, 5.0}, std::pair{1e4, 1.0}, std::pair{1e-4, 1e-6}, std::pair{1e6, 30.0}})
    for (const double low : {-0.2, 0.0}) {  // weights of both signs, and positive weights
      subject s;
      const std::vector<float> w = uniform(random, kOutputs * kInputs, low, 0.2),
                               bias = uniform(random, kOutputs, -1, 1), m(kInputs, static_cast<float>(mean)),
                               f(kInputs, static_cast<float>(1 / deviation));
      s.parameters = weights_of({tensor_of("fc.weight", {kOutputs, kInputs}, w), tensor_of("fc.bias", {kOutputs}, bias),
                                 tensor_of("in.mean", {kInputs}, m), tensor_of("in.factor", {kInputs}, f)});
      s.expected = [=](const std::vector<float>& x) {
        std::vector<double> u = widened(x);
        for (std::size_t k = 0; k < kInputs; ++k) u[k] = (u[k] - static_cast<double>(m[k])) * static_cast<double>(f[k]);
        return linear(w, bias, u);
      };
      s.build(kInputs, [](graph_builder& b, std::uint32_t x) {
        const auto u = normalise(b, "in", x, kInputs);
        return std::pair(u, dense(b, "fc", u, kInputs, kOutputs));
      });
      // With positive weights and inputs of both signs, unfolded errors stay below their bound, but folded ones do not.
      expect_as_exact(s, around(random, mean, deviation), "mean " + std::to_string(mean), low == 0 ? 16 : 8);
    }
}

TEST_P(Folding, FarNormalisationKeepsItsAccuracy) {
  // (x - 293) / 5 with outputs of size 1. Folding without limits would give errors of 1.9e-5, with bf16 weights 0.197.
  std::mt19937 random(2);
  subject s;
  const std::vector<float> w = uniform(random, kOutputs * kInputs, -0.2, 0.2), m(kInputs, 293), f(kInputs, 0.2f);
  s.parameters = weights_of({tensor_of("fc.weight", {kOutputs, kInputs}, w), tensor_of("in.mean", {kInputs}, m),
                             tensor_of("in.factor", {kInputs}, f)});
  s.expected = [=](const std::vector<float>& x) {
    std::vector<double> u = widened(x);
    for (double& each : u) each = (each - 293) * static_cast<double>(0.2f);
    return linear(w, {}, u);
  };
  s.build(kInputs, [](graph_builder& b, std::uint32_t x) {
    const auto u = normalise(b, "in", x, kInputs);
    return std::pair(u, dense(b, "fc", u, kInputs, kOutputs, false));
  });
  const samples inputs = around(random, 293, 5);
  EXPECT_LE(errors_of(s.foldable, s.parameters, inputs, s.expected, {.cpu = GetParam()}).largest, 1.5e-6);
  EXPECT_LE(errors_of(s.foldable, s.parameters, inputs, s.expected, {.cpu = GetParam(), .bf16_weights = true}).largest,
            0.02);
}

TEST_P(Folding, BiasBetweenLinearLayers) {
  // An identity with a bias in front of a layer: where x + bias is small, it is exact.
  std::mt19937 random(3);
  std::vector<float> identity(kInputs * kInputs, 0.0f);
  for (std::size_t i = 0; i < kInputs; ++i) identity[i * kInputs + i] = 1;
  for (const double shift : {0.5, -3.0, -12.0, -1000.0, -1e6}) {
    subject s;
    const std::vector<float> w = uniform(random, kOutputs * kInputs, -0.2, 0.2),
                             second = uniform(random, kOutputs, -1, 1), first(kInputs, static_cast<float>(shift));
    s.parameters =
        weights_of({tensor_of("a.weight", {kInputs, kInputs}, identity), tensor_of("a.bias", {kInputs}, first),
                    tensor_of("b.weight", {kOutputs, kInputs}, w), tensor_of("b.bias", {kOutputs}, second)});
    s.expected = [=](const std::vector<float>& x) { return linear(w, second, linear(identity, first, widened(x))); };
    s.build(kInputs, [](graph_builder& b, std::uint32_t x) {
      const auto h = dense(b, "a", x, kInputs, kInputs);
      return std::pair(h, dense(b, "b", h, kInputs, kOutputs));
    });
    expect_as_exact(s, around(random, -shift, 1), "bias " + std::to_string(shift));
  }
}

TEST_P(Folding, BatchNormAfterALayer) {
  // Means of ordinary size and far from 0, with ordinary weights and with weights that make the sums exact.
  std::mt19937 random(4);
  std::vector<float> identity(kInputs * kInputs, 0.0f);
  for (std::size_t i = 0; i < kInputs; ++i) identity[i * kInputs + i] = 1;
  for (const bool exact : {false, true})
    for (const double mean : {0.3, 3.0, 100.0, 1e5}) {
      subject s;
      const std::vector<float> w = exact ? identity : uniform(random, kInputs * kInputs, -0.2, 0.2),
                               m(kInputs, static_cast<float>(mean)), f = uniform(random, kInputs, 0.5, 2);
      s.parameters = weights_of({tensor_of("fc.weight", {kInputs, kInputs}, w), tensor_of("bn.mean", {kInputs}, m),
                                 tensor_of("bn.factor", {kInputs}, f)});
      s.expected = [=](const std::vector<float>& x) {
        std::vector<double> y = linear(w, {}, widened(x));
        for (std::size_t n = 0; n < kInputs; ++n) y[n] = (y[n] - static_cast<double>(m[n])) * static_cast<double>(f[n]);
        return y;
      };
      s.build(kInputs, [](graph_builder& b, std::uint32_t x) {
        const auto h = dense(b, "fc", x, kInputs, kInputs, false);
        return std::pair(h, normalise(b, "bn", h, kInputs));
      });
      expect_as_exact(s, around(random, exact ? mean : 0, 1),
                      (exact ? "exact sums, mean " : "mean ") + std::to_string(mean));
    }
}

TEST_P(Folding, ChainsOfEveryFold) {
  // Normalisation, two linear layers, batch norm and a last layer, with shifts from harmless to extreme.
  std::mt19937 random(5);
  for (const double shift : {0.1, 1.0, 4.0, 30.0, 1e3, 1e5}) {
    subject s;
    const auto shifts = [&](std::size_t count) { return uniform(random, count, -shift, shift); };
    const std::vector<float> m0 = shifts(kInputs), f0 = uniform(random, kInputs, 0.5, 1), m1 = shifts(48),
                             f1 = uniform(random, 48, 0.5, 1), w1 = uniform(random, 56 * kInputs, -0.2, 0.2),
                             b1 = shifts(56), w2 = uniform(random, 48 * 56, -0.2, 0.2), b2 = shifts(48),
                             w3 = uniform(random, kOutputs * 48, -0.2, 0.2), b3 = uniform(random, kOutputs, -1, 1);
    s.parameters = weights_of({tensor_of("in.mean", {kInputs}, m0), tensor_of("in.factor", {kInputs}, f0),
                               tensor_of("bn.mean", {48}, m1), tensor_of("bn.factor", {48}, f1),
                               tensor_of("a.weight", {56, kInputs}, w1), tensor_of("a.bias", {56}, b1),
                               tensor_of("b.weight", {48, 56}, w2), tensor_of("b.bias", {48}, b2),
                               tensor_of("c.weight", {kOutputs, 48}, w3), tensor_of("c.bias", {kOutputs}, b3)});
    s.expected = [=](const std::vector<float>& x) {
      std::vector<double> u = widened(x);
      for (std::size_t k = 0; k < u.size(); ++k)
        u[k] = (u[k] - static_cast<double>(m0[k])) * static_cast<double>(f0[k]);
      std::vector<double> h = linear(w2, b2, linear(w1, b1, u));
      for (std::size_t k = 0; k < h.size(); ++k)
        h[k] = (h[k] - static_cast<double>(m1[k])) * static_cast<double>(f1[k]);
      return linear(w3, b3, h);
    };
    s.build(kInputs, [](graph_builder& b, std::uint32_t x) {
      const auto u = normalise(b, "in", x, kInputs), g = dense(b, "b", dense(b, "a", u, kInputs, 56), 56, 48);
      return std::pair(g, dense(b, "c", normalise(b, "bn", g, 48), 48, kOutputs));
    });
    samples inputs;
    for (int i = 0; i < 40; ++i) {
      std::vector<float> x = m0;
      for (std::size_t k = 0; k < x.size(); ++k) x[k] += std::uniform_real_distribution<float>(-1, 1)(random) / f0[k];
      inputs.push_back(std::move(x));
    }
    const outcome folded = errors_of(s.foldable, s.parameters, inputs, s.expected, {.cpu = GetParam()});
    double scale = 0;
    for (const auto& x : inputs)
      for (double y : s.expected(x)) scale = std::max(scale, std::abs(y));
    // Without folding each of the five steps rounds numbers as large as the shifts.
    EXPECT_LE(folded.rms, 8 * 0x1p-24 * std::max({1.0, shift, scale}) * std::sqrt(64.0)) << shift;
  }
}

TEST_P(Folding, NeitherOverflowsNorUnderflows) {
  const auto only = [&](const subject& s, const std::vector<float>& x) {
    const samples inputs = {x};
    const double expected = s.expected(x)[0];
    const outcome folded = errors_of(s.foldable, s.parameters, inputs, s.expected, {.cpu = GetParam()});
    EXPECT_LE(folded.largest, 1e-5 * std::abs(expected)) << "expected " << expected;
  };
  const auto pair = [&](std::vector<float> w1, std::vector<float> w2, const std::vector<float>& x) {
    subject s;
    s.parameters = weights_of({tensor_of("a.weight", {3, 2}, w1), tensor_of("b.weight", {1, 3}, w2)});
    s.expected = [=](const std::vector<float>& in) { return linear(w2, {}, linear(w1, {}, widened(in))); };
    s.build(2, [](graph_builder& b, std::uint32_t in) {
      const auto h = dense(b, "a", in, 2, 3, false);
      return std::pair(h, dense(b, "b", h, 3, 1, false));
    });
    only(s, x);
  };
  pair(std::vector<float>(6, 1e-25f), std::vector<float>(3, 1e-25f), {1e25f, 3e25f});
  // The products are exact and their difference is 0. The folded weights would be infinite.
  pair({1e19f, -1e19f, 1e19f, -1e19f, 1e19f, -1e19f}, std::vector<float>(3, 1e19f), {16, 16});
  pair(std::vector<float>(6, 3e38f), std::vector<float>(3, 1e37f), {1e-38f, 1e-38f});

  for (const bool after : {false, true})
    for (const auto& [factor, weight, x] :
         {std::tuple{1e-25f, 1e-25f, 1e27f}, std::tuple{3e19f, 3e19f, 1e-19f}, std::tuple{1e-25f, 1e-15f, 1e27f}}) {
      subject s;
      const std::size_t width = after ? 1 : 2;
      const std::vector<float> w = {weight, -weight / 2}, m(width, 0.0f), f(width, factor);
      s.parameters = weights_of(
          {tensor_of("fc.weight", {1, 2}, w), tensor_of("n.mean", {width}, m), tensor_of("n.factor", {width}, f)});
      s.expected = [=](const std::vector<float>& in) {
        const double a = static_cast<double>(factor);
        std::vector<double> u = widened(in);
        if (!after)
          for (double& each : u) each *= a;
        std::vector<double> y = linear(w, {}, u);
        if (after) y[0] *= a;
        return y;
      };
      s.build(2, [after](graph_builder& b, std::uint32_t in) {
        const auto h = after ? dense(b, "fc", in, 2, 1, false) : normalise(b, "n", in, 2);
        return std::pair(h, after ? normalise(b, "n", h, 1) : dense(b, "fc", h, 2, 1, false));
      });
      only(s, {x, x / 2});
    }
}

TEST_P(Folding, AScaleBelowTheNormalNumbersKeepsTheShift) {
  // y is the sum of 0.3 (scale x + shift). 0.3 times the first scale has 15 bits, and the other weights have 24. If the
  // bias counted the first shift with 15 bits, its error would be 1.7e-5.
  constexpr std::uint32_t width = 64;
  std::vector<float> scale(width, 1.0f), shift(width, 0.0f);
  scale[0] = 1e-40f, shift[0] = 3;
  const std::vector<float> w(width, 0.3f);
  subject s;
  s.parameters = weights_of(
      {tensor_of("fc.weight", {1, width}, w), tensor_of("scale", {width}, scale), tensor_of("shift", {width}, shift)});
  s.expected = [=](const std::vector<float>& in) {
    std::vector<double> u;
    for (std::size_t k = 0; k < width; ++k)
      u.push_back(static_cast<double>(in[k]) * static_cast<double>(scale[k]) + static_cast<double>(shift[k]));
    return linear(w, {}, u);
  };
  s.build(width, [](graph_builder& b, std::uint32_t in) {
    const std::uint32_t operands[] = {in, b.parameter("scale", {1, {width}}), b.parameter("shift", {1, {width}})};
    const instruction program[] = {{.code = scalar_op::operand, .a = 0},
                                   {.code = scalar_op::operand, .a = 1},
                                   {.code = scalar_op::multiply, .a = 0, .b = 1},
                                   {.code = scalar_op::operand, .a = 2},
                                   {.code = scalar_op::add, .a = 2, .b = 3}};
    const auto u = b.map(operands, program, {1, {width}});
    return std::pair(u, dense(b, "fc", u, width, 1, false));
  });
  const samples inputs = {std::vector<float>(width, 0.0f)};
  EXPECT_LE(errors_of(s.foldable, s.parameters, inputs, s.expected, {.cpu = GetParam()}).largest, 1e-6);
}

TEST_P(Folding, NanStaysNanAndInfinityIsNeverFinite) {
  // docs/numerics.md promises this for folded networks.
  std::mt19937 random(6);
  graph_builder b("special");
  const auto x = b.input("x", {1, {8}});
  b.output(normalise(b, "bn", dense(b, "b", dense(b, "a", normalise(b, "in", x, 8), 8, 8), 8, 4), 4), "y");
  ASSERT_FALSE(b.finish());
  const weights w = random_weights(b.view(), random);
  const auto kernel = compile(b, w, {.cpu = GetParam()});
  std::vector<std::byte> scratch(kernel->scratch_bytes() + 1);
  for (const float special : {std::nanf(""), HUGE_VALF, -HUGE_VALF}) {
    std::vector<float> input(8, 0.5f), output(4);
    input[5] = special;
    const float* const in[] = {input.data()};
    float* const out[] = {output.data()};
    ASSERT_EQ(kernel->run(in, out, 1, scratch.data()), 0);
    for (float y : output) EXPECT_TRUE(std::isnan(special) ? std::isnan(y) : !std::isfinite(y)) << special;
  }
}

TEST_P(Folding, Bf16RoundsToTheNearestAndNeverToInfinity) {
  // A layer with the single input 1: each output is a stored weight. Truncating bits gives the bf16 neighbours.
  std::mt19937 random(7);
  std::vector<float> w;
  for (std::uint32_t low = 0; low < 0x10000; ++low)  // every fraction to round off, after odd and even bits
    for (const std::uint32_t high : {0x3f80u, 0xc2ffu}) w.push_back(std::bit_cast<float>(high << 16 | low));
  for (int i = 0; i < 100000; ++i) w.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(random())));
  for (const std::uint32_t bits : {0x7f800001u, 0xff80ffffu, 0x7fc00001u, 0x7f7fffffu, 0xff7fffffu, 0x7f7f8000u,
                                   0x7f7f7fffu, 0x00000001u, 0x00008000u, 0x00008001u, 0x7f800000u, 0xff800000u, 0u})
    w.push_back(std::bit_cast<float>(bits));
  const auto outputs = static_cast<std::uint32_t>(w.size());
  graph_builder b("stored");
  b.output(dense(b, "fc", b.input("x", {1, {1}}), 1, outputs, false, zeros::multiply), "y");
  ASSERT_FALSE(b.finish());
  const auto kernel =
      compile(b, weights_of({tensor_of("fc.weight", {outputs, 1}, w)}), {.cpu = GetParam(), .bf16_weights = true});
  std::vector<std::byte> scratch(kernel->scratch_bytes() + 1);
  const float one = 1;
  std::vector<float> found(w.size());
  const float* const in[] = {&one};
  float* const out[] = {found.data()};
  ASSERT_EQ(kernel->run(in, out, 1, scratch.data()), 0);
  double worst = 0;
  for (std::size_t i = 0; i < w.size(); ++i) {
    const auto bits = std::bit_cast<std::uint32_t>(w[i]);
    if (std::isnan(w[i])) {
      ASSERT_TRUE(std::isnan(found[i])) << std::hex << bits;
      continue;
    }
    if (!std::isfinite(w[i])) {
      ASSERT_EQ(found[i], w[i]);
      continue;
    }
    const float below = std::bit_cast<float>(bits & 0xffff0000),
                above = std::bit_cast<float>((bits & 0xffff0000) + 0x10000);
    const double to_below = std::abs(static_cast<double>(w[i]) - static_cast<double>(below)),
                 to_above = std::abs(static_cast<double>(above) - static_cast<double>(w[i]));
    const bool even_below = (bits >> 16 & 1) == 0;
    const bool up = std::isfinite(above) && (to_above < to_below || (to_above == to_below && !even_below));
    ASSERT_EQ(found[i], up ? above : below) << std::hex << bits;
    if (std::isnormal(w[i]) && std::abs(w[i]) <= 0x1.fep127f)
      worst = std::max(worst, std::abs(static_cast<double>(found[i]) / static_cast<double>(w[i]) - 1));
  }
  EXPECT_LE(worst, 1.0 / 256);
  EXPECT_GT(worst, 1.0 / 258) << "1/512 would be a wrong promise";
}

INSTANTIATE_TEST_SUITE_P(Cpus, Folding, ::testing::ValuesIn(runnable_cpus()), name_of_cpu);

}  // namespace
}  // namespace inlay::testing
