// SPDX-License-Identifier: Apache-2.0
// Tests reports of small networks whose bounds and states are worked out by hand.
#include <gtest/gtest.h>

#include <algorithm>

#include "inlay/dsl.hpp"
#include "saturation.hpp"

namespace inlay {
namespace {

using saturation::input_range;
using saturation::layer_report;
using saturation::unit_state;
using enum saturation::unit_state;

struct named_values {
  const char* name;
  std::vector<float> values;
};

/// A network of the DSL with its weights.
struct subject {
  graph_builder builder;
  weights w;

  template <class Net>
  subject(const Net& net, const std::vector<named_values>& parameters) : builder(net.name) {
    inlay::detail::trace(net, builder);
    EXPECT_FALSE(builder.first_violation());
    for (const node_record& node : builder.view().nodes) {
      if (node.kind != op::parameter) continue;
      const std::string name(builder.view().name_of(node));
      const auto found =
          std::ranges::find(parameters, name, [](const named_values& each) { return std::string(each.name); });
      weight_tensor tensor{.name = name, .shape = {}, .stored_type = "F32", .values = {}};
      tensor.values = found == parameters.end() ? std::vector<float>(node.dims.size(), 0.0f) : found->values;
      EXPECT_EQ(tensor.values.size(), node.dims.size()) << name;
      tensor.shape.assign(node.dims.sizes.begin(), node.dims.sizes.begin() + node.dims.rank);
      w.tensors.push_back(std::move(tensor));
    }
  }
  std::vector<layer_report> ranges(input_range range, const saturation::report_options& options = {},
                                   double weight_error = 0) const {
    const std::vector<input_range> all(8, range);
    return report_of_ranges(builder.view(), w, {all, weight_error}, options);
  }
  std::vector<layer_report> samples(const std::vector<float>& x, std::size_t count) const {
    interpreter_result made = interpreter::create(builder.view(), w);
    EXPECT_TRUE(made);
    const void* inputs[] = {x.data()};
    return saturation::report_of_samples(*made.value, inputs, count, {});
  }
};

std::vector<unit_state> states_of(const layer_report& layer) {
  std::vector<unit_state> all;
  for (const saturation::unit_report& unit : layer.units) all.push_back(unit.state);
  return all;
}
using states = std::vector<unit_state>;

constexpr auto one_sigmoid =
    network("one_sigmoid", input<f32, 2>("x"), [](auto x) { return sigmoid(dense<3>("fc", x)); });

TEST(Saturation, OfASigmoidDependsOnTheScaleOfItsInput) {
  // Unit 0: 0.25 a + 0.25 b; unit 1: 0.25 (a - b); unit 2: its weights are 0.
  const subject net(one_sigmoid, {{"fc.weight", {0.25f, 0.25f, 0.25f, -0.25f, 0, 0}}});
  const auto raw = net.ranges({64, 255});
  ASSERT_EQ(raw.size(), 1u);
  EXPECT_EQ(raw[0].name, "fc");
  EXPECT_EQ(raw[0].function.function, activation::sigmoid);
  EXPECT_EQ(states_of(raw[0]), (states{saturated, active, active}));
  EXPECT_NEAR(raw[0].units[0].argument.low, 32, 1e-4);
  EXPECT_LE(raw[0].units[0].argument.low, 32);
  EXPECT_NEAR(raw[0].units[0].argument.high, 127.5, 1e-4);
  EXPECT_GE(raw[0].units[0].argument.high, 127.5);
  EXPECT_NEAR(raw[0].units[1].argument.high, 0.25 * 191, 1e-4);
  EXPECT_NEAR(raw[0].argument().low, -0.25 * 191, 1e-4);
  const auto normalised = net.ranges({64 / 255.0, 1});
  EXPECT_EQ(states_of(normalised[0]), (states{active, active, active}));
  // Of samples: a unit that is flat on both sides.
  std::vector<float> x;
  for (int i = 0; i < 100; ++i) x.insert(x.end(), {i % 2 == 0 ? 255.0f : 0, i % 2 == 0 ? 0 : 255.0f});
  EXPECT_EQ(states_of(net.samples(x, 100)[0]), (states{saturated, saturated, active}));
}

constexpr auto one_relu = network("one_relu", input<f32, 2>("x"), [](auto x) { return relu(dense<4>("fc", x)); });

TEST(Saturation, OfAReluIsDeadOrAlwaysOnByItsBias) {
  const std::vector<float> ones(8, 1.0f);
  const subject net(one_relu, {{"fc.weight", ones}, {"fc.bias", {-1000, 1000, 0, -2}}});
  const auto found = net.ranges({-1, 1});
  EXPECT_EQ(states_of(found[0]), (states{dead, always_on, active, active}));
  EXPECT_EQ(found[0].count(dead), 1u);
  EXPECT_NEAR(found[0].argument().low, -1002, 1e-2);
  EXPECT_NEAR(found[0].argument().high, 1002, 1e-2);
  // From 0 on, no rounding makes a sum of products without a minus negative.
  EXPECT_EQ(states_of(net.ranges({0, 1})[0]), (states{dead, always_on, always_on, active}));
  EXPECT_EQ(states_of(net.ranges({-1, 0})[0]), (states{dead, always_on, dead, dead}));
  EXPECT_EQ(states_of(net.samples({-1, -1, 0.5f, 0.5f}, 2)[0]), (states{dead, always_on, active, dead}));
}

TEST(Saturation, WithinRoundingOfTheEdgeIsNotProven) {
  // The real sum is at most 0. In f32 it may be above.
  const subject net(one_relu,
                    {{"fc.weight", std::vector<float>(8, 0.1f)}, {"fc.bias", {-0.2f, 0.2f, -0.201f, 0.201f}}});
  EXPECT_EQ(states_of(net.ranges({-1, 1})[0]), (states{active, active, dead, always_on}));
  // bf16 moves the weights.
  EXPECT_EQ(states_of(net.ranges({-1, 1}, {}, 0x1p-8)[0]), (states{active, active, dead, always_on}));
  EXPECT_EQ(states_of(net.ranges({-1, 1}, {}, 0x1p-6)[0]), (states{active, active, active, active}));
}

constexpr auto each_kind = network("each_kind", input<f32, 1>("x"), [](auto x) {
  return concat(tanh(x), relu6(x), hard_sigmoid(x), hard_swish(x), elu(x), leaky_relu(x), softplus(x), step(x, 1.0f),
                threshold(x, 2.0f), gelu(x), silu(x), sin(x), exp(x), hard_tanh(x, -5.0f, 5.0f), leaky_relu(x, 1e-4f));
});

/// By the name of an activation, its state for x in [low, high].
std::string states_on(double low, double high) {
  const subject net(each_kind, {});
  std::string text;
  for (const layer_report& layer : net.ranges({low, high})) {
    const unit_state state = layer.units[0].state;
    if (state != active)
      text += std::string(row_of(layer.function.function).name) + " " +
              std::string(saturation::unit_state_names[static_cast<unsigned>(state)]) + "; ";
  }
  return text;
}

TEST(Saturation, OfEachKindOfActivation) {
  EXPECT_EQ(subject(each_kind, {}).ranges({0, 1}).size(), 14u) << "exp has no steepest slope";
  EXPECT_EQ(states_on(-1, 1), "step saturated; threshold dead; ");
  EXPECT_EQ(states_on(0.5, 1.5),
            "relu6 always_on; elu always_on; leaky_relu always_on; threshold dead; "
            "leaky_relu always_on; ");
  EXPECT_EQ(states_on(6, 30),
            "tanh saturated; relu6 saturated; hard_sigmoid saturated; hard_swish always_on; "
            "elu always_on; leaky_relu always_on; step saturated; threshold always_on; "
            "hard_tanh saturated; leaky_relu always_on; ");
  EXPECT_EQ(states_on(21, 30),
            "tanh saturated; relu6 saturated; hard_sigmoid saturated; hard_swish always_on; "
            "elu always_on; leaky_relu always_on; softplus always_on; step saturated; "
            "threshold always_on; hard_tanh saturated; leaky_relu always_on; ");
  EXPECT_EQ(states_on(-30, -8),
            "tanh saturated; relu6 dead; hard_sigmoid saturated; hard_swish dead; elu saturated; "
            "softplus saturated; step saturated; threshold dead; gelu saturated; "
            "hard_tanh saturated; leaky_relu saturated; ");
  EXPECT_EQ(states_on(-30, -10),
            "tanh saturated; relu6 dead; hard_sigmoid saturated; hard_swish dead; elu saturated; "
            "softplus saturated; step saturated; threshold dead; gelu saturated; silu saturated; "
            "hard_tanh saturated; leaky_relu saturated; ");
  EXPECT_EQ(states_on(1.57075, 1.57085),
            "relu6 always_on; elu always_on; leaky_relu always_on; step saturated; "
            "threshold dead; sin saturated; leaky_relu always_on; ");
}

TEST(Saturation, BeginsAtTheThreshold) {
  // 1 - tanh(x)^2 = 1e-3 at x = 4.14687...; = 0.1 at 1.81845...
  const subject net(each_kind, {});
  EXPECT_EQ(net.ranges({4.146, 5})[0].units[0].state, active);
  EXPECT_EQ(net.ranges({4.147, 5})[0].units[0].state, saturated);
  EXPECT_EQ(net.ranges({1.818, 5}, {.threshold = 0.1})[0].units[0].state, active);
  EXPECT_EQ(net.ranges({1.819, 5}, {.threshold = 0.1})[0].units[0].state, saturated);
  std::vector<float> x(1000, 5.0f);
  std::fill_n(x.begin(), 9, 0.0f);
  auto found = net.samples(x, x.size());
  EXPECT_EQ(found[0].units[0].state, saturated);
  EXPECT_DOUBLE_EQ(found[0].units[0].flat_share, 0.991);
  x[9] = 0;
  found = net.samples(x, x.size());
  EXPECT_EQ(found[0].units[0].state, active);
  EXPECT_DOUBLE_EQ(found[0].units[0].flat_share, 0.99);
  EXPECT_EQ(found[0].units[0].argument.low, 0);
  EXPECT_EQ(found[0].units[0].argument.high, 5);
}

constexpr auto image = network("image", input<f32, 2, 4, 4>("photo"),
                               [](auto photo) { return relu(conv2d<3, 3>("conv", photo, padding<1>)); });

TEST(Saturation, OfAConvolutionIsCountedByChannel) {
  std::vector<float> weight(3 * 2 * 9, 0.0f);
  std::fill_n(weight.begin(), 18, 1.0f);        // channel 0: the sum of up to 18 pixels
  std::fill_n(weight.begin() + 18, 18, -1.0f);  // channel 1: its negative
  weight[36] = 1, weight[36 + 9] = -1;          // channel 2: a difference
  const subject net(image, {{"conv.weight", weight}, {"conv.bias", {-1, 0, 0.5f}}});
  const auto found = net.ranges({0, 1});
  EXPECT_EQ(found[0].name, "conv");
  EXPECT_EQ(found[0].positions, 16u);
  EXPECT_EQ(states_of(found[0]), (states{active, dead, active}));
  EXPECT_NEAR(found[0].units[0].argument.low, -1, 1e-4);
  EXPECT_NEAR(found[0].units[0].argument.high, 17, 1e-4);
  EXPECT_NEAR(found[0].units[1].argument.low, -18, 1e-4);
  EXPECT_EQ(found[0].units[1].argument.high, 0);
  EXPECT_NEAR(found[0].units[2].argument.low, -0.5, 1e-5);
  // With 0.2 in each pixel, the corners of channel 0 are -1 + 8 * 0.2, and its other pixels more.
  EXPECT_EQ(net.ranges({0.2, 1})[0].units[0].state, always_on);
  EXPECT_EQ(net.ranges({0.12, 1})[0].units[0].state, active);
}

TEST(Saturation, OfWeightsThatAreNoNumbersIsUnknown) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  const subject net(one_relu, {{"fc.weight", {nan, 1, infinity, 1, 1, 1, 3e38f, 3e38f}}, {"fc.bias", {0, 0, -9, 0}}});
  const auto found = net.ranges({-1, 1});
  EXPECT_EQ(states_of(found[0]), (states{unknown, unknown, dead, unknown}));
  EXPECT_EQ(found[0].unknown_because, "'fc.weight' has NaN or infinite weights");
  EXPECT_FALSE(found[0].argument().is_known());
  // One NaN among numbers is enough.
  const subject sum(one_relu, {{"fc.weight", std::vector<float>(8, 1.0f)}});
  EXPECT_EQ(states_of(sum.samples({1, 1, nan, 1, 1, 1}, 3)[0]), states(4, unknown));
  const auto seen = net.samples({0.5f, 0.5f}, 1);
  EXPECT_EQ(seen[0].units[0].state, unknown);
  EXPECT_EQ(seen[0].unknown_because, "a sample makes NaN");
}

constexpr auto norms = network("norms", input<f32, 4>("x"), [](auto x) { return tanh(layer_norm("ln", x)); });
constexpr auto quotients = network("quotients", input<f32, 4>("x"), [](auto x) { return relu(x / x); });
constexpr auto shares = network("shares", input<f32, 4>("x"), [](auto x) { return tanh(softmax(x) + 5); });

TEST(Saturation, SaysWhereBoundsAreLost) {
  const auto norm = subject(norms, {{"ln.weight", {1, 1, 1, 1}}, {"ln.bias", {0, 5, 9, -9}}}).ranges({-1, 1});
  // |normalised| <= 2 for four elements.
  EXPECT_EQ(norm[0].name, "ln");
  EXPECT_EQ(states_of(norm[0]), (states{active, active, saturated, saturated}));
  const auto lost = subject(quotients, {}).ranges({-1, 1});
  EXPECT_EQ(states_of(lost[0]), states(4, unknown));
  EXPECT_NE(lost[0].unknown_because.find("may divide by 0, leave a function's domain or overflow"), std::string::npos);
  const auto share = subject(shares, {}).ranges({-1, 1});
  EXPECT_EQ(states_of(share[0]), states(4, saturated));
  // 1 / (1 + 3 exp(2)) and 1 / (1 + 3 exp(-2)); the bounds count an element among the others, too.
  EXPECT_LE(share[0].units[0].argument.low, 5 + 0.0431659);
  EXPECT_GE(share[0].units[0].argument.low, 5 + 0.03);
  EXPECT_GE(share[0].units[0].argument.high, 5 + 0.7112346);
  EXPECT_LE(share[0].units[0].argument.high, 6 + 1e-4);
}

constexpr auto steps = network("steps", input<f32, 2>("x"), [](auto x) {
  auto h = rnn<2>("rnn", x);
  return concat(relu(dense<2>("head", h)), sigmoid(delay<1>(x) + 20));
});
constexpr auto cells =
    network("cells", input<f32, 2>("x"), [](auto x) { return relu(dense<2>("head", lstm<3>("lstm", x))); });

constexpr auto integrator = network("integrator", input<f32, 2>("x"), state<f32, 2>("total"), [](auto x, auto total) {
  total = total + x;
  return concat(tanh(total), sigmoid(x));
});

TEST(Saturation, OfNetworksWithStateHoldsInEveryStepOrIsUnknown) {
  // h of an rnn is a tanh, so |h| <= 1 by induction.
  const auto found = subject(steps, {{"rnn.weight_ih_l0", {1, 1, 1, 1}},
                                     {"rnn.weight_hh_l0", {9, 0, 0, 9}},
                                     {"head.weight", {1, 1, -1, 1}},
                                     {"head.bias", {-2.1f, 1}}})
                         .ranges({-1, 1});
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].name, "rnn.ih_l0");
  EXPECT_EQ(states_of(found[0]), (states{active, active}));
  EXPECT_EQ(found[1].name, "head");
  EXPECT_EQ(states_of(found[1]), (states{dead, active}));
  // A delayed input is zero in the first step.
  EXPECT_EQ(states_of(found[2]), (states{saturated, saturated}));
  // The forget gate of an lstm is below 1 for weights like these, so what its cell adds up has a limit.
  const std::vector<float> ones(36, 1.0f);
  const subject lstm(cells, {{"lstm.weight_ih_l0", {ones.begin(), ones.begin() + 24}},
                             {"lstm.weight_hh_l0", ones},
                             {"head.weight", {ones.begin(), ones.begin() + 6}},
                             {"head.bias", {-3.1f, 3.1f}}});
  const auto gates = lstm.ranges({-1, 1});
  EXPECT_EQ(gates.front().name, "lstm.ih_l0[3:6]");
  EXPECT_EQ(states_of(gates.back()), (states{dead, always_on}));
  // A sum of all inputs has none.
  const auto lost = subject(integrator, {}).ranges({-1, 1});
  ASSERT_EQ(lost.size(), 2u);
  EXPECT_EQ(states_of(lost[0]), (states{unknown, unknown}));
  EXPECT_EQ(lost[0].unknown_because, "no bounds of the state 'total' hold for every step");
  EXPECT_EQ(states_of(lost[1]), (states{active, active}));
}

constexpr auto follower = network("follower", input<f32, 1>("x"), state<f32, 1>("bent"), state<f32, 1>("total"),
                                  [](auto x, auto bent, auto total) {
                                    bent = tanh(total);
                                    total = total + x;
                                    return relu(bent);
                                  });

TEST(Saturation, NamesTheStateThatLosesBoundsFirst) {
  const auto found = subject(follower, {}).ranges({-1, 1});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(states_of(found[1]), (states{unknown}));
  EXPECT_EQ(found[1].name, "bent");
  EXPECT_EQ(found[1].unknown_because, "no bounds of the state 'total' hold for every step");
}

constexpr auto residual = network("residual", input<f32, 2>("x"), [](auto x) {
  auto h = relu(x + dense<2>("fc", x));
  return tanh(h * 2) + sigmoid(x);
});

TEST(Saturation, IsNamedAfterTheNearestLayer) {
  std::string names;
  for (const layer_report& layer : subject(residual, {}).ranges({-1, 1}))
    names += std::string(row_of(layer.function.function).name) + " of " + layer.name + "; ";
  EXPECT_EQ(names, "relu of fc; tanh of fc; sigmoid of x; ");
}

constexpr auto words = network("words", input<i32, 2>("tokens"),
                               [](auto tokens) { return tanh(reshape<6>(embedding<4, 3>("table", tokens))); });

TEST(Saturation, OfAnEmbeddingIsThatOfTheRowsInRange) {
  const subject net(words, {{"table.weight", {0, 5, 5, 0, 5, 6, 0, 5, -6, 9, 9, 9}}});
  EXPECT_EQ(states_of(net.ranges({0, 1})[0]), (states{active, saturated, saturated, active, saturated, saturated}));
  EXPECT_EQ(states_of(net.ranges({0, 2})[0]), (states{active, saturated, active, active, saturated, active}));
  EXPECT_EQ(states_of(net.ranges({3, 3})[0]), states(6, saturated));
  const auto beyond = net.ranges({0, 4});
  EXPECT_EQ(states_of(beyond[0]), states(6, unknown));
  EXPECT_EQ(beyond[0].unknown_because, "the indices of 'table' may lie outside of its table");
}

}  // namespace
}  // namespace inlay
