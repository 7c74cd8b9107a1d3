// SPDX-License-Identifier: Apache-2.0
// Gradients through time: compiled steps of training on sequences, against central differences of the interpreter,
// which runs the steps of each sequence one by one. Covers every kind of state, what is computed for all steps at once
// and what step by step, layers before, between and behind recurrences, first states, every loss, and what is refused.
#include <gtest/gtest.h>

#include "gradient_check.hpp"

namespace inlay::testing {
namespace {

template <class Net>
void check(const Net& net, gradient_check how, bool optimised = false) {
  how.optimised = optimised;
  EXPECT_EQ(check_gradients(traced(net), how), "") << net.name << ", " << how.steps << " steps, batch " << how.batch;
}

constexpr auto recurrent =
    network("recurrent", input<f32, 3>("x"), [](auto x) { return dense<2>("out", gru<5>("gru", x)); });

TEST(Sequence, OfEveryNumberOfSteps) {
  for (std::size_t steps : {1u, 2u, 3u, 7u, 16u}) check(recurrent, {.steps = steps});
}

TEST(Sequence, OfBatchesAroundABlock) {
  for (std::size_t batch : {1u, 2u, 15u, 129u}) check(recurrent, {.batch = batch, .steps = 3, .seed = 5});
}

TEST(Sequence, OnEveryInstructionSet) {
  for (const std::string& cpu : tools::runnable_cpus())
    check(recurrent, {.batch = 5, .steps = 4, .cpu = cpu}, /*optimised=*/true);
}

TEST(Sequence, OfEveryLoss) {
  const auto classes =
      network("classes", input<f32, 3>("x"), [](auto x) { return softmax(dense<4>("out", rnn<6>("rnn", x))); });
  check(classes, {.which = loss::cross_entropy, .steps = 5});
  const auto linear = network("linear", input<f32, 3>("x"), [](auto x) { return dense<2>("out", rnn<5>("rnn", x)); });
  for (loss which : {loss::huber, loss::hinge, loss::bce}) check(linear, {.which = which, .steps = 4});
  check(network("share", input<f32, 3>("x"), [](auto x) { return sigmoid(dense<2>("out", rnn<6>("rnn", x))); }),
        {.which = loss::mse, .steps = 4});
  EXPECT_EQ(check_gradients(traced(network("loss", input<f32, 3>("x"), input<f32, 1>("wanted"),
                                           [](auto x, auto wanted) {
                                             auto y = dense<1>("out", rnn<6>("rnn", x));
                                             return square(y - wanted) * 0.25f;
                                           })),
                            {.which = loss::output, .steps = 4}),
            "");
}

TEST(Sequence, OfRecurrentLayers) {
  check(network("lstm", input<f32, 4>("x"), [](auto x) { return dense<1>("out", lstm<7>("lstm", x)); }), {.steps = 6});
  check(network("relu", input<f32, 4>("x"),
                [](auto x) { return rnn<3>("rnn", x, nonlinearity([](auto h) { return softplus(h); })); }),
        {.steps = 5});
  check(network("before", input<f32, 2>("x"), [](auto x) { return gru<4>("gru", x, reset_before); }), {.steps = 5});
  check(network("deep", input<f32, 2>("x"), [](auto x) { return dense<3>("out", lstm<4>("lstm", x, num_layers<2>)); }),
        {.steps = 5});
  check(network("unbiased", input<f32, 2>("x"), [](auto x) { return gru<17>("gru", x, no_bias); }), {.steps = 3});
}

TEST(Sequence, OfLayersBeforeBetweenAndBehindRecurrences) {
  check(network("between", input<f32, 6>("x"),
                [](auto x) {
                  auto h = layer_norm("norm", tanh(dense<5>("before", x)));
                  auto g = gru<4>("first", h);
                  auto between = silu(dense<9>("between", concat(g, h)));
                  return softmax(dense<3>("out", rnn<3>("second", between) + param<f32, 3>("shift")));
                }),
        {.steps = 5});
}

TEST(Sequence, OfFirstStatesThatAreLearned) {
  check(
      network("begin", input<f32, 2>("x"), [](auto x) { return gru<3>("gru", x, initial_state(param<f32, 3>("h0"))); }),
      {.steps = 4});
  check(network("own", input<f32, 1>("force"), state<f32, 2>("position", constant<f32, 2>({1, -0.5f})),
                [](auto force, auto position) {
                  position = tanh(dense<2>("turn", concat(force, position)));
                  return position;
                }),
        {.steps = 5});
}

TEST(Sequence, OfCausalConvolutions) {
  check(network("causal", input<f32, 3>("x"),
                [](auto x) {
                  auto h = tanh(causal_conv1d<5, 3>("a", x, dilation<2>));
                  return causal_conv1d<2, 2>("b", h, dilation<3>);
                }),
        {.steps = 9});
  check(network("groups", input<f32, 4>("x"),
                [](auto x) {
                  auto h = tanh(causal_conv1d<6, 3>("a", x, groups<2>));
                  return dense<1>("out", causal_conv1d<6, 2>("b", h, groups<6>, no_bias));
                }),
        {.steps = 7});
  // Histories that are longer than the sequence.
  check(network("long", input<f32, 2>("x"), [](auto x) { return causal_conv1d<3, 4>("a", x, dilation<4>); }),
        {.steps = 5});
  // One tap remembers nothing.
  check(
      network("one", input<f32, 3>("x"), [](auto x) { return causal_conv1d<2, 1>("b", causal_conv1d<3, 2>("a", x)); }),
      {.steps = 4});
}

TEST(Sequence, OfComputedWeightsOfCausalConvolutions) {
  // weight_norm, and a weight whose taps lie before the channels without any state.
  check(network("normed", input<f32, 3>("x"),
                [](auto x) {
                  auto v = param<f32, 4, 3, 2>("v", x);
                  auto w = v / sqrt(sum<1, 2>(v * v, keepdim)) * param<f32, 4, 1, 1>("g", x);
                  auto taps = flatten(history<2, 2>(x));
                  return tanh(dense("conv", taps, reshape<4, 6>(permute<0, 2, 1>(w)))) + gru<4>("gru", x);
                }),
        {.steps = 5});
  check(network("turned", input<f32, 6>("x"),
                [](auto x) { return dense("a", x, reshape<4, 6>(transpose<1, 2>(param<f32, 4, 3, 2>("w", x)))); }),
        {});
}

TEST(Sequence, OfIndicesAndImages) {
  check(network("letters", input<i32>("letter"),
                [](auto letter) { return dense<5>("out", gru<4>("gru", embedding<7, 3>("letters", letter))); }),
        {.which = loss::cross_entropy, .steps = 6});
  check(network("frames", input<f32, 2, 6, 6>("frame"),
                [](auto frame) {
                  auto h = max_pool<2>(tanh(group_norm<2>("norm", conv2d<4, 3>("conv", frame))));
                  return dense<2>("out", rnn<3>("rnn", flatten(h)));
                }),
        {.steps = 3});
}

TEST(Sequence, OfDelaysAndFilters) {
  check(network("filters", input<f32, 3>("x"),
                [](auto x) {
                  auto h = tanh(dense<4>("a", x));
                  return dense<2>("b", concat(delay<2>(h) * ema("slow", h, 0.25f), flatten(history<2, 3>(h))));
                }),
        {.steps = 6});
  check(network("of_inputs", input<f32, 3>("x"), [](auto x) { return dense<2>("a", flatten(history<4, 1>(x))); }),
        {.steps = 6});
}

TEST(Sequence, RefusesWhatHasNoSteps) {
  const auto message = [](const auto& net, std::size_t steps) {
    ::testing::internal::CaptureStderr();
    const std::string error = refusal_of(traced(net), loss::mse, steps);
    const std::string text = ::testing::internal::GetCapturedStderr();
    return error.empty() ? "" : text;
  };
  EXPECT_NE(message(recurrent, 0)
                .find("'recurrent' cannot be trained: it has state, so its samples are sequences; say "
                      "of how many steps: --steps=64"),
            std::string::npos);
  const auto plain = network("plain", input<f32, 2>("x"), [](auto x) { return dense<2>("fc", x); });
  EXPECT_NE(message(plain, 3).find("it has no state, so it has no steps; leave out --steps"), std::string::npos);
  const auto normalised =
      network("normalised", input<f32, 2>("x"), [](auto x) { return batch_norm("norm", rnn<3>("rnn", x)); });
  EXPECT_NE(message(normalised, 3)
                .find("'norm.running_mean' is a statistic of batches, which a network with state "
                      "cannot compute; use layer_norm"),
            std::string::npos);
}

}  // namespace
}  // namespace inlay::testing
