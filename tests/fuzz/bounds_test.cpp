// SPDX-License-Identifier: Apache-2.0
// Tests the error analysis: its values, bounds that hold for f32 but not for faults, and cases without a bound.
#include <gtest/gtest.h>

#include <cmath>

#include "bounds.hpp"
#include "bounds_of_runs.hpp"
#include "draw.hpp"
#include "inlay/interpreter.hpp"
#include "values.hpp"

namespace inlay::fuzz {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// The bound of a map with one element, for input x.
bounded of_map(std::vector<instruction> program, float x) {
  network net{.name = "map", .steps = {}, .outputs = {{1, "y"}}};
  net.steps.push_back({.kind = op::input, .dims = {1, {1}}, .name = "x"});
  program.insert(program.begin(), instruction{.code = scalar_op::operand});
  net.steps.push_back({.kind = op::map, .dims = {1, {1}}, .operands = {0}, .program = std::move(program)});
  const graph_builder b = build(net);
  EXPECT_FALSE(b.first_violation());
  const std::vector<std::vector<float>> inputs = {{x}};
  return evaluate_with_bounds(b.view(), {}, inputs, 1, {}).outputs[0][0];
}

instruction apply(activation function, float p0 = 0, float p1 = 0) {
  return {.code = scalar_op::apply, .function = function, .a = 0, .p0 = p0, .p1 = p1};
}

TEST(Bounds, AreOneRoundingForOneOperation) {
  const bounded sum = of_map({{.code = scalar_op::literal, .p0 = 0.1f}, {.code = scalar_op::add, .a = 0, .b = 1}}, 3);
  EXPECT_EQ(sum.value, 3 + static_cast<double>(0.1f));
  EXPECT_GE(sum.error, 0x1p-24 * 3);
  EXPECT_LE(sum.error, 0x1p-23 * 3.2);
  const bounded relu = of_map({apply(activation::relu)}, 3);
  EXPECT_EQ(relu.value, 3);
  EXPECT_EQ(relu.error, 0);
  const bounded exp = of_map({apply(activation::exp)}, 1);
  EXPECT_DOUBLE_EQ(exp.value, std::exp(1.0));
  EXPECT_GE(exp.error, 0x1p-22);  // the contract: 1 ulp
  EXPECT_LE(exp.error, 0x1p-21);
}

TEST(Bounds, KnowNanAndInfinity) {
  EXPECT_TRUE(allows(of_map({apply(activation::log)}, -1), kNan));
  EXPECT_FALSE(allows(of_map({apply(activation::log)}, -1), 0));
  EXPECT_TRUE(allows(of_map({apply(activation::exp)}, 100), kInfinity));
  EXPECT_FALSE(allows(of_map({apply(activation::exp)}, 100), 3e38f));
  EXPECT_TRUE(allows(of_map({apply(activation::sigmoid)}, -kInfinity), 0));
  EXPECT_FALSE(allows(of_map({apply(activation::sigmoid)}, -kInfinity), kNan));
  EXPECT_TRUE(allows(of_map({apply(activation::tanh)}, kNan), kNan));
  const instruction one{.code = scalar_op::literal, .p0 = 1};
  for (const scalar_op code : {scalar_op::add, scalar_op::subtract, scalar_op::multiply, scalar_op::divide})
    for (const float x : {kInfinity, -kInfinity, kNan}) {
      const bounded y = of_map({one, {.code = code, .a = 0, .b = 1}}, x);
      EXPECT_TRUE(allows(y, x) && !allows(y, 1)) << row_of(code).name << " of " << x;
    }
}

TEST(Bounds, OfAPlaceHoldAllThatMayBeLargest) {
  using enum ops::reduction;
  const auto is = [](const bounded& found, double value, double error) {
    EXPECT_EQ(found.value, value);
    EXPECT_EQ(found.error, error);
  };
  is(reduced(argmax, std::vector<bounded>{{2, 0}, {3, 0}, {3, 0}}), 1, 0);           // the first of equal ones
  is(reduced(argmax, std::vector<bounded>{{1, 0.1}, {0.5, 0}, {1.05, 0.1}}), 1, 1);  // place 0 or 2
  is(reduced(argmax, std::vector<bounded>{{5, 0}, {5, 1}, {4, 0}}), 0.5, 0.5);
  is(reduced(argmax, std::vector<bounded>{{1, 0}, {std::nan(""), 0}, {9, 0}}), 1, 0);
  is(reduced(amax, std::vector<bounded>{{1, 0.25}, {2, 0.125}}), 2, 0.25);
  const bounded average = reduced(mean, std::vector<bounded>{{1, 0}, {2, 0}, {-3, 0}, {4, 0}});
  EXPECT_EQ(average.value, 1);
  EXPECT_LT(average.error, 2e-6);
}

TEST(Bounds, OfANormFollowItsDeviation) {
  // The mean is 1000 and far larger than the deviation of 0.28. In f32 the mean of the differences' squares is right;
  // the mean of the squares minus the squared mean is not.
  const float x[] = {1000, 1000.25f, 1000.5f, 1000.75f};
  std::vector<bounded> run;
  float sum = 0, squares = 0, differences = 0;
  for (const float each : x) run.push_back({static_cast<double>(each), 0}), sum += each, squares += each * each;
  const float mean = sum / 4;
  for (const float each : x) differences += (each - mean) * (each - mean);
  const auto result = [&](float variance) { return (x[0] - mean) / std::sqrt(variance + 1e-5f); };
  const std::vector<bounded> y = normalised_run(run, true, static_cast<double>(1e-5f)).results;
  EXPECT_NEAR(y[0].value, -1.34155493, 1e-8);  // by numpy
  EXPECT_LT(y[0].error, 0.01);
  EXPECT_TRUE(allows(y[0], result(differences / 4)));
  EXPECT_FALSE(allows(y[0], result(squares / 4 - mean * mean)));
  // Of equal elements the deviation may be anything up to the error, but no result exceeds the root of their number.
  const std::vector<bounded> equal = normalised_run(std::vector<bounded>(9, {1e6, 1}), true, 1e-5).results;
  EXPECT_EQ(equal[0].value, 0);
  EXPECT_NEAR(equal[0].error, 3, 1e-3);
  // Without eps nothing is known.
  EXPECT_FALSE(normalised_run(std::vector<bounded>(9, {1e6, 1}), true, 0).results[0].is_known());
}

TEST(Bounds, ExistForEveryActivationOfARoundedArgument) {
  // Many activations have no parameters, or parameters that are 0.
  for (const activation_row& row : activation_table) {
    const bounded y =
        of_map({{.code = scalar_op::literal, .p0 = 0.1f},
                {.code = scalar_op::add, .a = 0, .b = 1},
                {.code = scalar_op::apply, .function = row.id, .a = 2, .p0 = row.defaults[0], .p1 = row.defaults[1]}},
               1.5f);
    EXPECT_LE(y.error, 1e-5) << row.name;
  }
}

TEST(Bounds, AreWideOnBothSidesOfAJump) {
  // x + sin(x) - sin(x) is x except for rounding, so the step may go either way at its threshold, but nowhere else.
  const auto stepped = [](float x) {
    return of_map({apply(activation::sin),
                   {.code = scalar_op::add, .a = 0, .b = 1},
                   {.code = scalar_op::subtract, .a = 2, .b = 1},
                   {.code = scalar_op::apply, .function = activation::step, .a = 3, .p0 = 0.75f}},
                  x);
  };
  EXPECT_TRUE(allows(stepped(0.75f), 0));
  EXPECT_TRUE(allows(stepped(0.75f), 1));
  EXPECT_TRUE(allows(stepped(0.7501f), 1));
  EXPECT_FALSE(allows(stepped(0.7501f), 0));
  EXPECT_FALSE(allows(stepped(0.7499f), 1));
}

TEST(Bounds, SeeALeastValueInsideOfTheInterval) {
  // The comparison of 0.5 with 0 / 0 may be 0 or 1 to the bounds, so that the argument is between -23 and 0.
  for (const activation function : {activation::gelu, activation::gelu_tanh, activation::silu, activation::mish}) {
    const activation_row& row = row_of(function);
    instruction last = apply(function);
    last.a = 5;
    const bounded y = of_map({{.code = scalar_op::divide, .a = 0, .b = 0},
                              {.code = scalar_op::literal, .p0 = 0.5f},
                              {.code = scalar_op::less, .a = 2, .b = 1},
                              {.code = scalar_op::literal, .p0 = -23},
                              {.code = scalar_op::multiply, .a = 3, .b = 4},
                              last},
                             0);
    for (double x = -23; x < 0; x += 0.01) EXPECT_TRUE(allows(y, static_cast<float>(row.formula(x, 0, 0)))) << row.name;
  }
}

TEST(Bounds, KnowNothingAtAPole) {
  // The reciprocal of x + sin(x) - sin(x) - x depends on rounding alone.
  const bounded pole = of_map({apply(activation::sin),
                               {.code = scalar_op::add, .a = 0, .b = 1},
                               {.code = scalar_op::subtract, .a = 2, .b = 1},
                               {.code = scalar_op::subtract, .a = 3, .b = 0},
                               {.code = scalar_op::apply, .function = activation::reciprocal, .a = 4}},
                              0.5f);
  EXPECT_FALSE(pole.is_known());
  EXPECT_TRUE(allows(pole, -3));
}

TEST(Bounds, KnowWhereATransposedConvolutionMayMultiplyInfinityByZero) {
  // One pixel in five is infinite; with a kernel of 1 and stride 3 it is its own output alone. The outputs beside it
  // are the bias, to which the compiler may add zero times infinity.
  network net{.name = "up", .steps = {}, .outputs = {{3, "y"}}};
  net.steps.push_back({.kind = op::input, .dims = {3, {1, 1, 5}}, .name = "x"});
  net.steps.push_back({.kind = op::constant, .dims = {4, {1, 1, 1, 1}}, .elements = {2}});
  net.steps.push_back({.kind = op::constant, .dims = {1, {1}}, .elements = {0.5f}});
  const auto words = words_of(ops::conv_transpose2d_attributes{.window = {1, 3, 0, 1, 0, 0, 1, 1}});
  net.steps.push_back({.kind = op::conv_transpose2d,
                       .dims = {3, {1, 1, 12}},
                       .name = "up",
                       .operands = {0, 1, 2},
                       .attributes = {words.begin(), words.end()}});
  const graph_builder b = build(net);
  ASSERT_FALSE(b.first_violation());
  const std::vector<std::vector<float>> inputs = {{1, 3, kInfinity, 4, 5}};
  const std::vector<bounded> y = evaluate_with_bounds(b.view(), {}, inputs, 1, {}).outputs[0];
  ASSERT_EQ(y.size(), 12u);
  // Outputs 2, 5, 8 and 11 belong to pixels 1 to 4; pixel 0 is cut off.
  EXPECT_TRUE(allows(y[2], 6.5f) && !allows(y[2], kNan));
  EXPECT_TRUE(allows(y[8], 8.5f) && !allows(y[8], kNan));
  EXPECT_TRUE(allows(y[5], kInfinity));
  for (const std::size_t beside : {3u, 4u, 6u, 7u}) EXPECT_TRUE(allows(y[beside], 0.5f) && allows(y[beside], kNan));
  for (const std::size_t far : {0u, 1u, 9u, 10u}) EXPECT_TRUE(allows(y[far], 0.5f) && !allows(y[far], kNan));
}

constexpr std::uint32_t kWidth = 64;

/// The program x + shift. If `is_bent`, then relu6, which no layer is folded across.
std::vector<instruction> shifting(float shift, bool is_bent = false) {
  std::vector<instruction> program = {{.code = scalar_op::operand},
                                      {.code = scalar_op::literal, .p0 = shift},
                                      {.code = scalar_op::add, .a = 0, .b = 1}};
  if (is_bent) program.push_back({.code = scalar_op::apply, .function = activation::relu6, .a = 2});
  return program;
}

/// Steps on kWidth equal inputs; the first is step 1.
class folded_network {
 public:
  folded_network() { net_.steps.push_back({.kind = op::input, .dims = {1, {kWidth}}, .name = "x"}); }

  folded_network& map(std::vector<instruction> program) {
    return add({.kind = op::map, .dims = net_.steps.back().dims, .operands = {last()}, .program = std::move(program)});
  }
  /// One output, the sum of all inputs times `weight`.
  folded_network& dense(float weight) {
    const std::uint32_t x = last();
    net_.steps.push_back({.kind = op::constant, .dims = {2, {1, kWidth}}, .elements = numbers(weight)});
    return add({.kind = op::dense,
                .dims = {1, {1}},
                .name = "fc",
                .operands = {x, x + 1, no_node},
                .attributes = {static_cast<std::uint32_t>(zeros::automatic)}});
  }
  /// The same as a convolution of an image of one pixel.
  folded_network& conv2d(float weight) {
    const std::uint32_t x = last();
    net_.steps.push_back({.kind = op::reshape, .dims = {3, {kWidth, 1, 1}}, .operands = {x}});
    net_.steps.push_back({.kind = op::constant, .dims = {4, {1, kWidth, 1, 1}}, .elements = numbers(weight)});
    const auto words = words_of(ops::conv2d_attributes{});
    return add({.kind = op::conv2d,
                .dims = {3, {1, 1, 1}},
                .name = "conv",
                .operands = {x + 1, x + 2, no_node},
                .attributes = {words.begin(), words.end()}});
  }

  bounded of(float x, bool bf16 = false) {
    net_.outputs = {{last(), "y"}};
    const graph_builder b = build(net_);
    EXPECT_FALSE(b.first_violation());
    const std::vector<std::vector<float>> inputs = {numbers(x)};
    return evaluate_with_bounds(b.view(), {}, inputs, 1, {.bf16_weights = bf16}).outputs[0][0];
  }

 private:
  network net_{.name = "folded", .steps = {}, .outputs = {}};

  std::uint32_t last() const { return static_cast<std::uint32_t>(net_.steps.size() - 1); }
  static std::vector<float> numbers(float each) { return std::vector<float>(kWidth, each); }
  folded_network& add(step s) {
    net_.steps.push_back(std::move(s));
    return *this;
  }
};

TEST(Bounds, HoldForAShiftThatIsFoldedIntoTheNextLayer) {
  // The sum of 64 terms 0.3 (x - 1000), in f32 as 64 terms 0.3 x after a bias of -19200.
  const float x = 1000.1f, weight = 0.3f;
  float folded = static_cast<float>(-1000.0 * kWidth * static_cast<double>(weight));
  for (std::uint32_t k = 0; k < kWidth; ++k) folded += weight * x;
  const double exact = kWidth * static_cast<double>(weight) * (static_cast<double>(x) - 1000);
  const bounded y = folded_network().map(shifting(-1000)).dense(weight).of(x);
  EXPECT_NEAR(y.value, exact, 1e-9);
  EXPECT_NE(static_cast<float>(exact), folded);
  EXPECT_TRUE(allows(y, folded));
  // 66 roundings of 64 terms of size 600, and the safety factor of allows().
  EXPECT_LT(y.error, 66 * 0x1p-24 * 64 * 600.1);
  // The product with u is exact to some 1e-6.
  const bounded unfolded = folded_network().map(shifting(-1000, true)).dense(weight).of(x);
  EXPECT_FALSE(allows(unfolded, folded));
  EXPECT_TRUE(allows(unfolded, static_cast<float>(exact)));
}

TEST(Bounds, HoldForAShiftThatIsFoldedIntoTheLayerBefore) {
  // After a bias of 1000, each of the products is less than half an ulp.
  const float x = 1, weight = 2.9e-5f, exact = 1000 + 64 * 2.9e-5f;
  for (const bool convolves : {false, true}) {
    const auto layer = [&] { return convolves ? folded_network().conv2d(weight) : folded_network().dense(weight); };
    const bounded y = layer().map(shifting(1000)).of(x);
    EXPECT_TRUE(allows(y, exact) && allows(y, 1000));
    EXPECT_LT(y.error, 68 * 0x1p-24 * 1000);
    const bounded unfolded = layer()
                                 .map({{.code = scalar_op::operand},
                                       {.code = scalar_op::apply, .function = activation::relu, .a = 0},
                                       {.code = scalar_op::literal, .p0 = 1000},
                                       {.code = scalar_op::add, .a = 1, .b = 2}})
                                 .of(x);
    EXPECT_TRUE(allows(unfolded, exact) && !allows(unfolded, 1000));
  }
}

TEST(Bounds, OfBf16WeightsAreRelativeToTheShiftedInput) {
  const bounded y = folded_network().map(shifting(-100)).dense(1).of(100.5f, true);
  EXPECT_GT(y.error, 0x1p-8 * 64 * 0.5);
  EXPECT_LT(y.error, 0x1p-8 * 64 * 2);
  // Rounding for the second shift is relative to the result of the first.
  EXPECT_GT(folded_network().map(shifting(-300)).map(shifting(200)).dense(1).of(100.5f, true).error, 0x1p-8 * 64 * 200);
}

TEST(Bounds, OfASineReachAllValuesOfAPeriod) {
  // The argument 6432.41 is off by 25.13, four periods. An eighth of that interval is a period, too.
  const bounded y =
      folded_network().dense(1).map({{.code = scalar_op::operand}, apply(activation::sin)}).of(100.5064f, true);
  EXPECT_NEAR(y.value, -1, 1e-3);
  EXPECT_TRUE(allows(y, 1) && allows(y, 0) && allows(y, -1));
  EXPECT_FALSE(allows(y, 3));  // the safety factors leave 1.5 * 1.25 * 2 above -1
}

TEST(Bounds, OfFoldedInfinitiesAllowNan) {
  const bounded before = folded_network().map(shifting(1)).dense(2).of(kInfinity);
  EXPECT_TRUE(allows(before, kInfinity) && allows(before, kNan));
  const bounded after = folded_network().dense(2).map(shifting(1)).of(kInfinity);
  EXPECT_TRUE(allows(after, kInfinity) && allows(after, kNan));
  const bounded alone = folded_network().dense(2).of(kInfinity);
  EXPECT_TRUE(allows(alone, kInfinity) && !allows(alone, kNan));
  EXPECT_FALSE(allows(folded_network().map(shifting(1)).dense(2).of(kNan), kInfinity));
}

/// The network x -> y that remembers a number: y = 0.5 s + x, and y is the next s.
network decaying(std::vector<float> initial) {
  network net{.name = "decay", .steps = {}, .outputs = {}};
  net.steps.push_back({.kind = op::input, .dims = {1, {1}}, .name = "x"});
  if (!initial.empty()) net.steps.push_back({.kind = op::constant, .dims = {1, {1}}, .elements = std::move(initial)});
  const std::uint32_t first = net.steps.size() == 2 ? 1 : no_node, s = static_cast<std::uint32_t>(net.steps.size());
  net.steps.push_back({.kind = op::state, .dims = {1, {1}}, .name = "s", .operands = {first}});
  net.steps.push_back({.kind = op::map,
                       .dims = {1, {1}},
                       .operands = {s, 0},
                       .program = {{.code = scalar_op::operand, .a = 0},
                                   {.code = scalar_op::literal, .p0 = 0.5f},
                                   {.code = scalar_op::multiply, .a = 0, .b = 1},
                                   {.code = scalar_op::operand, .a = 1},
                                   {.code = scalar_op::add, .a = 2, .b = 3}}});
  net.steps.push_back({.kind = op::update, .dims = {1, {1}}, .operands = {s, s + 1}});
  net.outputs = {{s + 2, "y"}};
  return net;
}

TEST(Bounds, GoOnFromStepToStep) {
  const graph_builder b = build(decaying({8}));
  ASSERT_FALSE(b.first_violation());
  const std::vector<std::vector<float>> inputs = {{0, 0, 0, 0.1f, 0, 0, kNan, 0}};
  const std::vector<bounded> y = evaluate_with_bounds(b.view(), {}, inputs, 8, {}).outputs[0];
  for (std::size_t step = 0; step < 3; ++step) {
    EXPECT_EQ(y[step].value, std::ldexp(8, -1 - static_cast<int>(step)));
    EXPECT_EQ(y[step].error, 0);
  }
  // A rounding of 0.6. Half of it is left in the next step, which rounds 0.3.
  EXPECT_DOUBLE_EQ(y[3].value, 0.5 + static_cast<double>(0.1f));
  EXPECT_GE(y[3].error, 0x1p-25);
  EXPECT_LE(y[3].error, 0x1p-24);
  EXPECT_GE(y[4].error, y[3].error / 2);
  EXPECT_LE(y[4].error, 2 * y[3].error);
  EXPECT_TRUE(allows(y[6], kNan) && allows(y[7], kNan) && !allows(y[7], 0));
  // Another batch begins with the first value again; without one, with zero.
  EXPECT_EQ(evaluate_with_bounds(b.view(), {}, inputs, 1, {}).outputs[0][0].value, 4);
  const graph_builder zero = build(decaying({}));
  EXPECT_EQ(evaluate_with_bounds(zero.view(), {}, inputs, 1, {}).outputs[0][0].value, 0);
}

TEST(Bounds, OfAHistoryAreThoseOfItsSteps) {
  // Rows x[t - 4], x[t - 2] and x[t] of x[t] = t + 0.1, of which the sum has one rounding.
  network net{.name = "taps", .steps = {}, .outputs = {{2, "y"}}};
  net.steps.push_back({.kind = op::input, .dims = {1, {1}}, .name = "x"});
  net.steps.push_back({.kind = op::map,
                       .dims = {1, {1}},
                       .operands = {0},
                       .program = {{.code = scalar_op::operand, .a = 0},
                                   {.code = scalar_op::literal, .p0 = 0.1f},
                                   {.code = scalar_op::add, .a = 0, .b = 1}}});
  net.steps.push_back({.kind = op::history, .dims = {2, {3, 1}}, .operands = {1}, .attributes = {3, 2}});
  const graph_builder b = build(net);
  ASSERT_FALSE(b.first_violation());
  const std::vector<std::vector<float>> inputs = {{0, 1, 2, 3, 4, 5, 6}};
  const std::vector<bounded> y = evaluate_with_bounds(b.view(), {}, inputs, 7, {}).outputs[0];
  ASSERT_EQ(y.size(), 21u);
  for (std::size_t t = 0; t < 7; ++t)
    for (std::size_t row = 0; row < 3; ++row) {
      const std::size_t age = 4 - 2 * row;
      const double expected = age > t ? 0 : static_cast<double>(t - age) + static_cast<double>(0.1f);
      EXPECT_EQ(y[3 * t + row].value, expected) << t << " " << row;
      EXPECT_LE(y[3 * t + row].error, age > t ? 0 : 0x1p-24 * (expected + 1));
      EXPECT_EQ(y[3 * t + row].error > 0, age < t);
    }
}

/// The results of the interpreter's reference engine are within the bounds; with an added fault most are not.
void compare_with_interpreter(const draw_settings& settings, std::size_t batch) {
  double networks = 0, known_share = 0, tight_share = 0, caught_share = 0;
  for (std::uint64_t i = 0; i < 300; ++i) {
    random_source random(7, i);
    const network net = draw_network(random, settings);
    const graph_builder b = build(net);
    const graph_view g = b.view();
    const data_plan plan{.seed = random.word()};
    const weights w = make_weights(g, plan);
    const interpreter_result made = interpreter::create(g, w);
    ASSERT_TRUE(made) << made.errors.front();
    std::vector<std::vector<float>> inputs, results;
    std::vector<const float*> from;
    std::vector<float*> to;
    for (const node_record& node : g.nodes)
      if (node.kind == op::input) inputs.push_back(make_input(g, node, batch, plan));
    for (const auto& input : inputs) from.push_back(input.data());
    for (const output_record& o : g.outputs)
      results.emplace_back(batch * static_cast<std::size_t>(g.nodes[o.node].dims.elements()));
    for (auto& result : results) to.push_back(result.data());
    const expectation expected = evaluate_with_bounds(g, w, inputs, batch, {});
    made.value->run(from, to, batch, engine::reference);
    std::size_t all = 0, known = 0, tight = 0, caught = 0;
    for (std::size_t o = 0; o < results.size(); ++o)
      for (std::size_t e = 0; e < results[o].size(); ++e) {
        const bounded& bound = expected.outputs[o][e];
        const bool overflows = expected.overflows[e / (results[o].size() / batch)];
        ASSERT_TRUE(overflows || allows(bound, results[o][e]))
            << "network " << i << ", output " << o << ", element " << e << ": " << results[o][e] << ", expected "
            << bound.value << " +- " << bound.error << "\n"
            << dsl_source(net);
        ++all, known += bound.is_known(), tight += bound.error <= 1e-3 * std::max(1.0, std::abs(bound.value));
        caught += !allows(bound, results[o][e] * 1.01f + 0.01f);
      }
    const auto share = [all](std::size_t of) { return static_cast<double>(of) / static_cast<double>(all); };
    ++networks, known_share += share(known), tight_share += share(tight), caught_share += share(caught);
  }
  // Every network counts the same, however large its outputs are.
  EXPECT_GT(known_share, 0.8 * networks);
  EXPECT_GT(tight_share, 0.75 * networks);
  EXPECT_GT(caught_share, 0.7 * networks);
}

TEST(Bounds, AreKeptByTheInterpreterAndBrokenByAFault) { compare_with_interpreter({.most_nodes = 8}, 3); }
TEST(Bounds, AreKeptOverManySteps) { compare_with_interpreter({.most_nodes = 8, .state = 1}, 30); }

}  // namespace
}  // namespace inlay::fuzz
