// SPDX-License-Identifier: Apache-2.0
// Tests that kernels raise only the exception flags, and so the traps, that the exact operations on live elements
// raise. Lanes past a row's end and branches that are not taken must raise none.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bit>
#include <cfenv>
#include <cmath>

#include "accuracy.hpp"
#include "kernel_harness.hpp"
#include "parameter_sets.hpp"

namespace inlay::testing {
namespace {

constexpr int kTraps = FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW;

class ExceptionFlags : public ::testing::TestWithParam<std::string> {};

/// The result of `row` as a float, or NaN if the exact operation raises a flag.
float exact(const activation_row& row, float x, const std::array<float, 2>& p) {
  const float y =
      static_cast<float>(row.formula(static_cast<double>(x), static_cast<double>(p[0]), static_cast<double>(p[1])));
  return std::isfinite(y) ? y : std::nanf("");
}

/// Floats of all magnitudes and both signs, zeros and infinities, for which `row` is finite.
std::vector<float> ordinary_inputs(const activation_row& row, const std::array<float, 2>& parameters) {
  std::vector<float> x;
  const auto add = [&](float each) {
    if (!std::isnan(exact(row, each, parameters))) x.push_back(each);
  };
  for (const float each : {0.0f, -0.0f, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::max(),
                           std::numeric_limits<float>::denorm_min(), 0.5f, 1.0f, 3.0f, 100.0f, 1e10f})
    add(each), add(-each);
  for (std::uint32_t high = 0; high < 0x10000; high += 509) add(std::bit_cast<float>(high << 16 | 0x5a5a));
  return x;
}

/// The flags that the kernel raises for `samples` rows of `width` elements, which repeat `x`. Scratch memory starts as
/// signalling NaNs, which lanes past a row's end may read.
int flags_of(const tools::jit_kernel& kernel, const std::vector<float>& x, std::size_t samples, std::size_t width,
             std::size_t outputs) {
  std::vector<float> in(samples * width + 16), out(samples * outputs + 16);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = x[i % x.size()];
  std::vector<std::uint32_t> scratch(kernel.scratch_bytes() / 4 + 1, 0x7fa00000);
  const float* inputs[] = {in.data()};
  float* results[] = {out.data()};
  std::vector<float> memory(kernel.memory_bytes() / 4);
  if (!memory.empty()) kernel.reset(memory.data());
  std::feclearexcept(FE_ALL_EXCEPT);
  if (memory.empty())
    kernel.run(inputs, results, samples, scratch.data());
  else
    kernel.run_steps(inputs, results, samples, memory.data(), scratch.data());
  const int raised = std::fetestexcept(kTraps);
  std::feclearexcept(FE_ALL_EXCEPT);
  return raised;
}

std::string describe(int flags) {
  return std::string(flags & FE_INVALID ? "invalid " : "") + (flags & FE_DIVBYZERO ? "division by zero " : "") +
         (flags & FE_OVERFLOW ? "overflow" : "");
}

constexpr std::uint32_t kWidths[] = {1, 2, 3, 5, 8, 13, 16, 21, 37, 67};

TEST_P(ExceptionFlags, AreThoseOfTheExactActivation) {
  for (const activation_row& row : activation_table)
    for (const accuracy tier : accuracy_tiers) {
      if (!row.has(tier)) continue;
      const std::vector<float> x = ordinary_inputs(row, row.defaults);
      for (const std::uint32_t width : kWidths) {
        const graph_builder b = tools::activation_network(row, tier, width);
        const auto kernel = compile(b, {}, {.cpu = GetParam()});
        for (const float each : x) {
          const int flags = flags_of(*kernel, {each}, 1, width, width);
          ASSERT_EQ(flags, 0) << row.name << " of " << each << ", width " << width << ": " << describe(flags);
        }
        EXPECT_EQ(flags_of(*kernel, x, x.size(), width, width), 0) << row.name << ", width " << width;
      }
    }
}

TEST_P(ExceptionFlags, AtOtherParametersToo) {
  for (const tools::parameter_set& set : tools::parameter_sets) {
    const activation_row& row = row_of(set.id);
    if (!(std::abs(set.values[0]) > 1e-3f && std::abs(set.values[0]) < 1e3f)) continue;
    const std::vector<float> x = ordinary_inputs(row, set.values);
    const graph_builder b = tools::activation_network(row, accuracy::exact, 21, set.values);
    const auto kernel = compile(b, {}, {.cpu = GetParam()});
    for (const float each : x) {
      if (std::abs(each) > 1e36f) continue;  // a small factor makes it overflow
      const int flags = flags_of(*kernel, {each}, 1, 21, 21);
      EXPECT_EQ(flags, 0) << row.name << "(x, " << set.values[0] << ", " << set.values[1] << ") of " << each << ": "
                          << describe(flags);
    }
  }
}

TEST_P(ExceptionFlags, OfASteepLeakyReluOrEluRaisesNone) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  for (const activation id : {activation::leaky_relu, activation::elu})
    for (const float slope : {infinity, -infinity, 1e30f, -1e30f, 2.0f}) {
      const activation_row& row = row_of(id);
      const graph_builder b = tools::activation_network(row, accuracy::exact, 21, {slope, 0});
      const auto kernel = compile(b, {}, {.cpu = GetParam()});
      for (const float each : ordinary_inputs(row, {slope, 0})) {
        const int flags = flags_of(*kernel, {each}, 1, 21, 21);
        EXPECT_EQ(flags, 0) << row.name << "(x, " << slope << ") of " << each << ": " << describe(flags);
      }
    }
}

/// Layers, softmax and pointwise programs whose values are finite for inputs from 1 to 2, but not for 0.
graph_builder layers(std::uint32_t width) {
  graph_builder b("layers");
  const auto x = b.input("x", {1, {width}});
  const auto s = b.softmax(x);
  const std::uint32_t sums[] = {dense(b, "fc", s, width, width), x};
  // log(1 + sum^2) / x + 1 / (x - 0.5), and exp(100 y - 150) for a result y.
  const instruction program[] = {{.code = scalar_op::operand, .a = 0},
                                 {.code = scalar_op::operand, .a = 1},
                                 {.code = scalar_op::literal, .p0 = 1},
                                 {.code = scalar_op::literal, .p0 = -0.5f},
                                 apply(activation::square, 0),
                                 {.code = scalar_op::add, .a = 4, .b = 2},
                                 apply(activation::log, 5),
                                 {.code = scalar_op::divide, .a = 6, .b = 1},
                                 {.code = scalar_op::add, .a = 1, .b = 3},
                                 apply(activation::reciprocal, 8),
                                 {.code = scalar_op::add, .a = 7, .b = 9}};
  const auto y = b.map(sums, program, {1, {width}});
  const std::uint32_t squares[] = {x};
  const instruction root[] = {{.code = scalar_op::operand, .a = 0}, apply(activation::rsqrt, 0)};
  const auto r = b.map(squares, root, {1, {width}});
  const std::uint32_t pieces[] = {y, b.log_softmax(y), b.softmax(r), r};
  b.output(b.concat(pieces, 0), "y");
  b.finish();
  return b;
}

TEST_P(ExceptionFlags, LayersAndSoftmaxRaiseNone) {
  std::mt19937 random(3);
  std::vector<float> x(97);
  for (float& each : x) each = std::uniform_real_distribution<float>(1, 2)(random);
  for (const std::uint32_t width : kWidths) {
    const graph_builder b = layers(width);
    const auto kernel = compile(b, random_weights(b.view(), random), {.cpu = GetParam()});
    for (const std::size_t samples : {1u, 2u, 30u}) {
      const int flags = flags_of(*kernel, x, samples, width, 4 * width);
      EXPECT_EQ(flags, 0) << "width " << width << ", batch " << samples << ": " << describe(flags);
    }
  }
}

TEST_P(ExceptionFlags, SoftmaxOfNegativeNumbersRaisesNone) {
  for (const std::uint32_t width : kWidths) {
    graph_builder b("negative");
    const auto x = b.input("x", {1, {width}});
    const std::uint32_t pieces[] = {b.softmax(x), b.log_softmax(x)};
    b.output(b.concat(pieces, 0), "y");
    b.finish();
    const auto kernel = compile(b, {}, {.cpu = GetParam()});
    EXPECT_EQ(flags_of(*kernel, {-200, -201, -250.5f}, 5, width, 2 * width), 0) << "width " << width;
  }
}

TEST_P(ExceptionFlags, NoTrapWhereTheyAreUnmasked) {
  std::mt19937 random(4);
  const graph_builder b = layers(21);
  const auto kernel = compile(b, random_weights(b.view(), random), {.cpu = GetParam()});
  const pid_t child = fork();
  ASSERT_NE(child, -1);
  if (child == 0) {
    const std::vector<float> x = {1.25f, 1.5f, 1.75f};
    std::feclearexcept(FE_ALL_EXCEPT);
    feenableexcept(kTraps);
    _exit(flags_of(*kernel, x, 3, 21, 4 * 21) == 0 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status << "; a trap is SIGFPE";
}

TEST_P(ExceptionFlags, InterpolationReadsNoDeadLanes) {
  for (const std::uint32_t width : kWidths)
    for (const std::uint32_t resized : {width / 2 + 1, 3 * width / 5 + 1, 2 * width})
      for (const bool aligned : {false, true}) {
        graph_builder b("interpolated");
        const std::uint32_t inputs = 3 * width - 2;
        const std::uint32_t picture[] = {b.input("x", {3, {1, 1, inputs}})};
        const ops::max_pool_attributes every_third{1, 1, {1, 3, 0, 0, 0, 0, 1, 1}, 0};
        // In scratch memory, where the vector's other elements are signalling NaNs.
        const std::uint32_t thinned[] = {b.apply(op::max_pool, picture, words_of(every_third))};
        const ops::upsample_attributes how{interpolation::linear,
                                           aligned,
                                           ops::step_between(1, 1, aligned),
                                           ops::step_between(width, resized, aligned),
                                           1,
                                           resized};
        b.output(b.apply(op::upsample, thinned, words_of(how)), "y");
        ASSERT_FALSE(b.finish());
        const auto kernel = compile(b, {}, {.cpu = GetParam()});
        const int flags = flags_of(*kernel, {1.5f, -2.0f, 0.25f}, 1, inputs, resized);
        EXPECT_EQ(flags, 0) << width << " to " << resized << ": " << describe(flags);
      }
}

TEST_P(ExceptionFlags, InterpolationOfTwoChannelsReadsNoDeadLanes) {
  // With 18 channels, two are left behind a vector of 16. They are lanes of what the convolution has stored.
  for (const std::uint32_t channels : {2u, 10u, 18u, 34u}) {
    graph_builder b("pyramid");
    const auto x = b.input("x", {3, {1, 1, 7}});
    const std::uint32_t layer[] = {x, b.parameter("c.weight", {4, {channels, 1, 1, 2}}), no_node};
    const ops::conv2d_attributes window{{1, 1, 0, 1, 0, 2, 1, 1}, 1};
    const std::uint32_t seen[] = {b.apply(op::conv2d, layer, words_of(window), {}, "c")};
    const instruction program[] = {{.code = scalar_op::operand, .a = 0},
                                   {.code = scalar_op::literal, .p0 = 1.9f},
                                   {.code = scalar_op::multiply, .a = 0, .b = 1}};
    const std::uint32_t scaled = b.map(seen, program, {3, {channels, 1, 9}});
    const ops::upsample_attributes how{interpolation::linear,          1, ops::step_between(1, 2, true),
                                       ops::step_between(9, 27, true), 2, 27};
    b.output(b.apply(op::upsample, seen, words_of(how)), "large");
    b.output(scaled, "scaled");
    ASSERT_FALSE(b.finish());
    std::mt19937 random(channels);
    const auto kernel = compile(b, random_weights(b.view(), random), {.cpu = GetParam()});
    const std::vector<float> in = {0.5f, -1, 0.25f, 2, -0.5f, 1,  3, -2,   0.75f, 1, 0.5f,
                                   -1,   2,  0.5f,  1, 1,     -1, 2, 0.5f, 3,     1};
    std::vector<float> large(3 * channels * 54), small(3 * channels * 9);
    std::vector<std::uint32_t> scratch(kernel->scratch_bytes() / 4 + 1, 0x7fa00000);
    const float* inputs[] = {in.data()};
    float* results[] = {large.data(), small.data()};
    std::feclearexcept(FE_ALL_EXCEPT);
    kernel->run(inputs, results, 3, scratch.data());
    const int flags = std::fetestexcept(kTraps);
    EXPECT_EQ(flags, 0) << channels << " channels: " << describe(flags);
  }
}

TEST_P(ExceptionFlags, LayersOfTwoFeaturesReadNoDeadLanes) {
  // The layer reads its elements one by one. LLVM knows them as lanes of a vector that was stored before, and may
  // multiply the other lanes of that vector, too: signalling NaNs behind the row in scratch memory.
  for (std::uint32_t width = 2; width < 24; ++width)
    for (const op kind : {op::dense, op::conv2d, op::conv_transpose2d}) {
      graph_builder b("two_features");
      const std::uint32_t picture[] = {b.input("x", {3, {1, 1, 1}})};
      const std::uint32_t wide =
          b.apply(op::adaptive_avg_pool, picture, words_of(ops::adaptive_avg_pool_attributes{1, width}));
      if (kind == op::dense) {
        b.output(dense(b, "fc", b.reshape(wide, {1, {width}}), width, 2), "y");
      } else if (kind == op::conv2d) {
        const std::uint32_t operands[] = {wide, b.parameter("conv.weight", {4, {2, 1, 1, 3}}), no_node};
        const ops::conv2d_attributes how{.window = {1, 1, 0, 2, 0, 0, 1, 1}};
        b.output(b.apply(kind, operands, words_of(how), {}, "conv"), "y");
      } else {
        const std::uint32_t operands[] = {wide, b.parameter("up.weight", {4, {1, 1, 1, 5}}), no_node};
        const ops::conv_transpose2d_attributes how{.window = {1, 2, 0, 0, 0, 4, 1, 1}};
        b.output(b.apply(kind, operands, words_of(how), {}, "up"), "y");
      }
      ASSERT_FALSE(b.finish());
      std::mt19937 random(5);
      const auto kernel = compile(b, random_weights(b.view(), random), {.cpu = GetParam()});
      const std::size_t outputs = std::max<std::size_t>(2 * width, 2);
      for (const std::size_t samples : {1u, 3u}) {
        const int flags = flags_of(*kernel, {1.5f}, samples, 1, outputs);
        EXPECT_EQ(flags, 0) << row_of(kind).name << " of width " << width << ", batch " << samples << ": "
                            << describe(flags);
      }
    }
}

TEST_P(ExceptionFlags, ReproducibleSumsReadNoDeadLanes) {
  if (GetParam() == "x86-64") GTEST_SKIP() << "has no fused multiply-add";
  // They have 16 lanes on every processor, so that the lanes behind a row may fill a register of their own.
  for (const std::uint32_t width : {1u, 7u, 9u, 12u, 17u, 25u, 33u})
    for (const op kind : {op::softmax, op::log_softmax, op::normalize, op::reduce}) {
      graph_builder b("sums");
      const std::uint32_t x[] = {b.input("x", {1, {width}})};
      std::vector<std::uint32_t> words;
      const auto take = [&](const auto& all) { words.assign(all.begin(), all.end()); };
      if (kind == op::normalize) take(words_of(ops::normalize_attributes{0, 1, 1e-5f, 1}));
      if (kind == op::reduce)
        take(words_of(ops::reduce_attributes{.kind = ops::reduction::mean, .axes = 1, .keepdim = 1}));
      b.output(b.apply(kind, x, words, {}, kind == op::normalize ? "norm" : ""), "y");
      ASSERT_FALSE(b.finish());
      const auto kernel = compile(b, {}, {.cpu = GetParam(), .reproducible = true});
      for (const std::size_t samples : {1u, 3u})
        for (const float first : {1.5f, -90.0f, 200.0f}) {
          const int flags = flags_of(*kernel, {first, -2.0f, 0.25f}, samples, width, width);
          EXPECT_EQ(flags, 0) << row_of(kind).name << " of width " << width << ", batch " << samples << ", " << first
                              << ": " << describe(flags);
        }
    }
}

TEST_P(ExceptionFlags, WhatIsNotSelectedIsNotComputed) {
  // x / (x != 0) and x / (x > 0 ? x : 0): LLVM would divide by both sides and select a quotient. The width of one
  // element has a vector of one lane.
  const instruction x{.code = scalar_op::operand, .a = 0}, zero{.code = scalar_op::literal, .p0 = 0};
  const std::vector<instruction> programs[] = {
      {x, zero, {.code = scalar_op::not_equal, .a = 0, .b = 1}, {.code = scalar_op::divide, .a = 0, .b = 2}},
      {x,
       zero,
       {.code = scalar_op::greater, .a = 0, .b = 1},
       {.code = scalar_op::select, .a = 2, .b = 0, .c = 1},
       {.code = scalar_op::divide, .a = 0, .b = 3}}};
  for (const std::uint32_t width : kWidths)
    for (const std::vector<instruction>& program : programs) {
      graph_builder b("select");
      const std::uint32_t in[] = {b.input("x", {1, {width}})};
      b.output(b.map(in, program, {1, {width}}), "y");
      ASSERT_FALSE(b.finish());
      const auto kernel = compile(b, {}, {.cpu = GetParam()});
      const int flags = flags_of(*kernel, {1.5f, 2.0f, 0.25f}, 3, width, width);
      EXPECT_EQ(flags, 0) << "width " << width << ": " << describe(flags);
    }
}

TEST_P(ExceptionFlags, WhatAnActivationDoesNotSelectIsNotComputed) {
  // 3 / f(x) for every activation. Some, such as threshold, select between x and a constant.
  std::vector<tools::parameter_set> sets = {{activation::threshold, {2, 0.5f}},
                                            {activation::threshold, {-1, 3}},
                                            {activation::clamp, {0.5f, 3}},
                                            {activation::clamp, {-3, -0.5f}}};
  for (const activation_row& row : activation_table) sets.push_back({row.id, row.defaults});
  for (const tools::parameter_set& set : sets) {
    const activation_row& row = row_of(set.id);
    std::vector<float> x;
    for (const float each : ordinary_inputs(row, set.values))
      if (const float y = std::abs(exact(row, each, set.values)); y > 1e-30f && y < 1e30f) x.push_back(each);
    instruction f = apply(row.id, 0);
    f.p0 = set.values[0], f.p1 = set.values[1];
    const std::vector<instruction> program = {{.code = scalar_op::operand, .a = 0},
                                              f,
                                              {.code = scalar_op::literal, .p0 = 3},
                                              {.code = scalar_op::divide, .a = 2, .b = 1}};
    for (const std::uint32_t width : {1u, 17u}) {
      graph_builder b("quotient");
      const std::uint32_t in[] = {b.input("x", {1, {width}})};
      b.output(b.map(in, program, {1, {width}}), "y");
      ASSERT_FALSE(b.finish());
      const auto kernel = compile(b, {}, {.cpu = GetParam()});
      const int flags = flags_of(*kernel, x, x.size(), width, width);
      EXPECT_EQ(flags, 0) << row.name << "(x, " << set.values[0] << ", " << set.values[1] << "), width " << width
                          << ": " << describe(flags);
    }
  }
}

TEST_P(ExceptionFlags, ElementsThatNobodyReadsAreNotDividedByZero) {
  // LLVM forwards the stored vector to readers of single elements. It then leaves zeros in the other lanes of a
  // constant, as in x / 6 and log(x + 1).
  const auto literal = [](float number) { return instruction{.code = scalar_op::literal, .p0 = number}; };
  const instruction x{.code = scalar_op::operand, .a = 0};
  const std::vector<instruction> programs[] = {
      {x, literal(6), {.code = scalar_op::divide, .a = 0, .b = 1}},
      {x, literal(1), {.code = scalar_op::add, .a = 0, .b = 1}, apply(activation::log, 2)},
      {x, apply(activation::hard_sigmoid, 0)}};
  for (const std::uint32_t width : {2u, 5u, 9u, 16u, 17u, 33u})
    for (const std::vector<instruction>& program : programs)
      for (const op reader : {op::normalize, op::slice, op::history}) {
        graph_builder b("unread");
        const std::uint32_t in[] = {b.input("x", {1, {width}})};
        const std::uint32_t mapped[] = {b.map(in, program, {1, {width}})};
        std::uint32_t read =
            b.apply(op::normalize, mapped, words_of(ops::normalize_attributes{0, 1, 1e-5f, 1}), {}, "n");
        std::uint32_t outputs = width;
        if (reader == op::slice) {
          read = b.apply(op::slice, mapped, words_of(ops::slice_attributes{0, width - 1, 1}));
          outputs = 1;
        }
        if (reader == op::history) {
          const std::uint32_t recent[] = {read};
          read = b.apply(op::history, recent, words_of(ops::history_attributes{2, 1}), {}, "h");
          outputs = 2 * width;
        }
        b.output(read, "y");
        ASSERT_FALSE(b.finish());
        const auto kernel = compile(b, {}, {.cpu = GetParam()});
        const int flags = flags_of(*kernel, {1.5f, 2.0f, 0.25f}, 1, width, outputs);
        EXPECT_EQ(flags, 0) << row_of(reader).name << " of width " << width << ": " << describe(flags);
      }
}

/// The flags of a network with the inputs x and r, of which `x` and `r` hold one sample each, for `samples` equal ones.
int flags_of_two(const tools::jit_kernel& kernel, const std::vector<float>& x, const std::vector<float>& r,
                 std::size_t samples) {
  std::vector<float> many_x, many_r, out(samples * r.size());
  for (std::size_t i = 0; i < samples; ++i) {
    many_x.insert(many_x.end(), x.begin(), x.end());
    many_r.insert(many_r.end(), r.begin(), r.end());
  }
  std::vector<std::uint32_t> scratch(kernel.scratch_bytes() / 4 + 1, 0x7fa00000);
  const float* inputs[] = {many_x.data(), many_r.data()};
  float* results[] = {out.data()};
  std::feclearexcept(FE_ALL_EXCEPT);
  kernel.run(inputs, results, samples, scratch.data());
  const int raised = std::fetestexcept(kTraps);
  std::feclearexcept(FE_ALL_EXCEPT);
  for (const float each : out) EXPECT_EQ(each, 1);
  return raised;
}

TEST_P(ExceptionFlags, LanesWithoutAFeaturePairItsOperandsAsALiveLaneDoes) {
  // sqrt(f + r), where r is 1 - f for each feature. A lane with the f of one feature and the r of another one would
  // take the root of a negative number. Weights and inputs are small integers, so that f is exact.
  const auto weight_at = [](std::size_t i) { return static_cast<float>(static_cast<int>(i * 7 % 11) - 5); };
  for (const bool image : {false, true})
    for (const std::uint32_t inputs : {3u, 2500u})
      for (const std::uint32_t width : {2u, 3u, 5u, 7u, 9u, 10u, 11u, 13u, 17u, 18u, 20u, 21u, 25u, 35u, 67u}) {
        graph_builder b("pairs");
        const std::uint32_t pixels = image ? 4 : 1;
        const shape in = image ? shape{3, {inputs, 2, 2}} : shape{1, {inputs}};
        const shape out = image ? shape{3, {width, 2, 2}} : shape{1, {width}};
        const auto x = b.input("x", in), r = b.input("r", out);
        std::uint32_t f = 0;
        if (image) {
          const std::uint32_t operands[] = {x, b.parameter("fc.weight", {4, {width, inputs, 1, 1}}), no_node};
          f = b.apply(op::conv2d, operands, words_of(ops::conv2d_attributes{}), {}, "fc");
        } else {
          f = dense(b, "fc", x, inputs, width, /*bias=*/false);
        }
        const std::uint32_t pair[] = {f, r};
        const instruction program[] = {{.code = scalar_op::operand, .a = 0},
                                       {.code = scalar_op::operand, .a = 1},
                                       {.code = scalar_op::add, .a = 0, .b = 1},
                                       apply(activation::sqrt, 2)};
        b.output(b.map(pair, program, out), "y");
        ASSERT_FALSE(b.finish()) << b.first_violation().expected.view();
        std::mt19937 random(1);
        weights w = random_weights(b.view(), random);
        for (weight_tensor& tensor : w.tensors)
          for (std::size_t i = 0; i < tensor.values.size(); ++i) tensor.values[i] = weight_at(i);
        std::vector<float> values(std::size_t{inputs} * pixels), rest(std::size_t{width} * pixels, 1);
        for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 3);
        for (std::size_t n = 0; n < width; ++n)
          for (std::size_t p = 0; p < pixels; ++p)
            for (std::size_t k = 0; k < inputs; ++k)
              rest[n * pixels + p] -= weight_at(n * inputs + k) * values[k * pixels + p];
        const auto kernel = compile(b, w, {.cpu = GetParam()});
        for (const std::size_t samples : {1u, 2u, 9u}) {
          const int flags = flags_of_two(*kernel, values, rest, samples);
          EXPECT_EQ(flags, 0) << (image ? "pixels, " : "") << inputs << " inputs, " << width << " features, batch "
                              << samples << ": " << describe(flags);
        }
      }
}

TEST_P(ExceptionFlags, SumsInPartsStayWithTheirFeature) {
  // The sum over many inputs has parts. The first part of a feature is a huge number and the last part is minus that.
  // The neighbour's signs are the other way round, so that a lane that mixes the two overflows.
  constexpr std::uint32_t inputs = 2560;
  for (const std::uint32_t width : {5u, 10u, 20u, 35u, 196u}) {
    graph_builder b("parts");
    b.output(dense(b, "fc", b.input("x", {1, {inputs}}), inputs, width, /*bias=*/false), "y");
    ASSERT_FALSE(b.finish()) << b.first_violation().expected.view();
    std::mt19937 random(1);
    weights w = random_weights(b.view(), random);
    std::ranges::fill(w.tensors[0].values, 0.0f);
    for (std::size_t n = 0; n < width; ++n) {
      w.tensors[0].values[n * inputs] = n % 2 == 0 ? 1 : -1;
      w.tensors[0].values[(n + 1) * inputs - 1] = n % 2 == 0 ? -1 : 1;
    }
    std::vector<float> x(inputs, 1);
    x.front() = x.back() = 2.5e38f;
    const auto kernel = compile(b, w, {.cpu = GetParam()});
    for (const std::size_t samples : {1u, 2u, 9u}) {
      const int flags = flags_of(*kernel, x, samples, inputs, width);
      EXPECT_EQ(flags, 0) << width << " features, batch " << samples << ": " << describe(flags);
    }
  }
}

TEST_P(ExceptionFlags, MeansOfFewChannelsSumNothingElse) {
  // A window adds two pixels that a layer has just computed, one of which is negative. Its lanes are their channels.
  // LLVM makes four lanes of fewer and knows what else the layer's vector held: other pixels, whose sums overflow.
  for (const std::uint32_t pixels : {2u, 4u, 6u})
    for (const std::uint32_t channels : {1u, 2u, 3u, 5u, 6u}) {
      const std::uint32_t width = pixels * channels;
      graph_builder b("means");
      const std::uint32_t magnitude[] = {dense(b, "fc", b.input("x", {1, {width}}), width, width, /*bias=*/false),
                                         b.parameter("signs", {1, {width}})};
      const instruction program[] = {{.code = scalar_op::operand, .a = 0},
                                     {.code = scalar_op::operand, .a = 1},
                                     apply(activation::abs, 0),
                                     {.code = scalar_op::multiply, .a = 2, .b = 1}};
      const std::uint32_t lines[] = {b.reshape(b.map(magnitude, program, {1, {width}}), {3, {pixels, 1, channels}})};
      const std::uint32_t image[] = {b.apply(op::transpose, lines, words_of(ops::transpose_attributes{0, 2}))};
      b.output(b.apply(op::avg_pool, image, words_of(ops::avg_pool_attributes{1, 2, {1, 2}, 0, 1})), "y");
      ASSERT_FALSE(b.finish()) << b.first_violation().expected.view();
      std::mt19937 random(1);
      weights w = random_weights(b.view(), random);
      for (weight_tensor& tensor : w.tensors)
        for (std::size_t i = 0; i < tensor.values.size(); ++i)
          tensor.values[i] = tensor.name == "signs" ? (i / channels % 2 == 0 ? 1.0f : -1.0f)
                             : i % (width + 1) == 0 ? 1.0f
                             : i + 1 == width       ? 1e-30f
                                                    : 0.0f;
      const auto kernel = compile(b, w, {.cpu = GetParam()});
      for (const std::size_t samples : {1u, 2u, 17u}) {
        const int flags = flags_of(*kernel, std::vector<float>(width, 3e38f), samples, width, width / 2);
        EXPECT_EQ(flags, 0) << channels << " channels of " << pixels << " pixels, batch " << samples << ": "
                            << describe(flags);
      }
    }
}

TEST_P(ExceptionFlags, CopiesForwardNothingThatLiesBehindThem) {
  // A group reads a copy of its channels. LLVM computes 2 x as x + x on the whole vector that was loaded for the copy.
  for (const std::uint32_t channels : {1u, 2u, 3u})
    for (const float factor : {2.0f, -2.0f}) {
      graph_builder b("groups");
      const std::uint32_t operands[] = {b.input("x", {3, {3 * channels, 1, 1}}),
                                        b.parameter("c.weight", {4, {39, channels, 3, 1}}), no_node};
      ops::conv2d_attributes attributes{};
      attributes.window.padding_top = attributes.window.padding_bottom = 2;
      attributes.groups = 3;
      b.output(b.apply(op::conv2d, operands, words_of(attributes), {}, "c"), "y");
      ASSERT_FALSE(b.finish()) << b.first_violation().expected.view();
      std::mt19937 random(1);
      weights w = random_weights(b.view(), random);
      for (weight_tensor& tensor : w.tensors) std::ranges::fill(tensor.values, factor);
      const auto kernel = compile(b, w, {.cpu = GetParam()});
      const int flags = flags_of(*kernel, {1.5f, 2.0f, 0.25f}, 1, 3 * channels, 39 * 3);
      EXPECT_EQ(flags, 0) << channels << " channels, " << factor << ": " << describe(flags);
    }
}

INSTANTIATE_TEST_SUITE_P(Cpus, ExceptionFlags, ::testing::ValuesIn(runnable_cpus()), name_of_cpu);

}  // namespace
}  // namespace inlay::testing
