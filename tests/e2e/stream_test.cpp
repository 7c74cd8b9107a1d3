// SPDX-License-Identifier: Apache-2.0
// Networks with state, compiled and interpreted: every recurrent layer with odd sizes, states that are read in unusual
// ways, histories in kernels for blocks of rows. All steps in one call must give the bits of any other division into
// calls, and leave the same memory.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "compiled_for_cpus.hpp"
#include "inlay/dsl.hpp"
#include "inlay/graph_memory.hpp"

namespace inlay::testing {
namespace {

class Streams : public CompiledForCpus {
 protected:
  /// What a run leaves.
  struct trace {
    std::vector<std::vector<float>> outputs;
    std::vector<float> memory;
  };

  /// Runs all steps in calls of these many steps, repeated until no step is left.
  static trace run(const tools::jit_kernel& kernel, const graph_view& graph,
                   const std::vector<std::vector<float>>& inputs, std::size_t steps,
                   std::span<const std::size_t> calls) {
    trace result;
    for (const output_record& output : graph.outputs)
      result.outputs.emplace_back(steps * static_cast<std::size_t>(graph.nodes[output.node].dims.elements()));
    guarded_floats memory(kernel.memory_bytes() / sizeof(float)), scratch(kernel.scratch_bytes() / sizeof(float));
    std::ranges::fill(memory.span(), std::numeric_limits<float>::quiet_NaN());
    std::ranges::fill(scratch.span(), std::numeric_limits<float>::quiet_NaN());
    kernel.reset(memory.data());
    std::size_t step = 0;
    for (std::size_t call = 0; step < steps; ++call) {
      const std::size_t count = std::min(calls[call % calls.size()], steps - step);
      std::vector<const float*> in;
      std::vector<float*> out;
      for (const auto& each : inputs) in.push_back(each.data() + step * (each.size() / steps));
      for (auto& each : result.outputs) out.push_back(each.data() + step * (each.size() / steps));
      EXPECT_EQ(kernel.run_steps(in, out, count, memory.data(), scratch.data()), 0);
      step += count;
    }
    result.memory.assign(memory.span().begin(), memory.span().end());
    return result;
  }

  static bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
  }

  template <class Net>
  void matches(const Net& net, double tolerance = 2e-5) {
    graph_builder b(net.name);
    detail::trace(net, b);
    ASSERT_FALSE(b.first_violation()) << b.first_violation().expected.view();
    const graph_view graph = b.view();
    weights w = random_weights(graph, random_);
    for (weight_tensor& tensor : w.tensors)
      for (float& each : tensor.values) each *= 0.5f;
    for (const bool blocks : {false, true}) {
      SCOPED_TRACE(blocks ? "blocks of steps in every layer" : "blocks of steps where they pay");
      matches(b, w, compile(b, w, {.cpu = GetParam(), .share_all = blocks}), tolerance);
    }
  }

  void matches(const graph_builder& b, const weights& w, std::unique_ptr<tools::jit_kernel> kernel, double tolerance) {
    const graph_view graph = b.view();
    constexpr std::size_t steps = 83;
    ASSERT_EQ(kernel->memory_bytes(), memory_bytes(graph));
    std::vector<std::vector<float>> inputs;
    for (const node_record& node : graph.nodes) {
      if (node.kind != op::input) continue;
      inputs.emplace_back(steps * static_cast<std::size_t>(node.dims.elements()));
      for (float& each : inputs.back()) each = std::uniform_real_distribution<float>(-2, 2)(random_);
    }
    const std::size_t all[] = {steps};
    const trace whole = run(*kernel, graph, inputs, steps, all);

    interpreter_result interpreted = interpreter::create(graph, w);
    ASSERT_TRUE(interpreted) << interpreted.errors.front();
    for (const engine how : {engine::reference, engine::baseline}) {
      std::vector<std::vector<float>> expected;
      std::vector<const float*> in;
      std::vector<float*> out;
      for (const auto& each : inputs) in.push_back(each.data());
      for (const auto& each : whole.outputs) expected.emplace_back(each.size());
      for (auto& each : expected) out.push_back(each.data());
      interpreted.value->run(in, out, steps, how);
      for (std::size_t o = 0; o < expected.size(); ++o)
        for (std::size_t i = 0; i < expected[o].size(); ++i)
          ASSERT_NEAR(whole.outputs[o][i], expected[o][i], tolerance * std::max(1.0f, std::abs(expected[o][i])))
              << "output " << o << ", element " << i;
    }

    const std::vector<std::size_t> divisions[] = {{1}, {2, 1}, {7}, {13, 1, 14}, {15, 16, 17}, {64}, {82}};
    for (const auto& calls : divisions) {
      const trace divided = run(*kernel, graph, inputs, steps, calls);
      for (std::size_t o = 0; o < divided.outputs.size(); ++o)
        EXPECT_TRUE(same_bits(divided.outputs[o], whole.outputs[o])) << "calls of " << calls.front() << " steps";
      EXPECT_TRUE(same_bits(divided.memory, whole.memory)) << "calls of " << calls.front() << " steps";
    }
  }
};

constexpr auto with_relu = [](auto x) { return relu(x); };

TEST_P(Streams, RecurrentLayers) {
  matches(network("rnn", input<f32, 5>("x"), [](auto x) { return rnn<17>("r", x); }));
  matches(network("rnn2", input<f32, 1>("x"), [](auto x) { return rnn<3>("r", x, num_layers<3>, no_bias); }));
  matches(network("lstm", input<f32, 5>("x"), [](auto x) { return dense<1>("out", lstm<16>("l", x)); }));
  matches(network("lstm2", input<f32, 33>("x"), [](auto x) { return lstm<9>("l", x, num_layers<2>); }));
  matches(network("lstm3", input<f32, 2>("x"), [](auto x) {
    return lstm<7>("l", x, no_bias, initial_state(param<f32, 7>("h0"), param<f32, 7>("c0")));
  }));
  matches(network("gru", input<f32, 1>("x"), [](auto x) { return dense<1>("out", gru<8>("g", x)); }));
  matches(network("gru2", input<f32, 4>("x"),
                  [](auto x) { return gru<17>("g", x, reset_before, initial_state(param<f32, 17>("h0"))); }));
  matches(network("gru3", input<f32, 4>("x"),
                  [](auto x) { return gru<5>("g", x, nonlinearity(with_relu), num_layers<2>); }));
}

TEST_P(Streams, LayersBesideRecurrentOnesInBlocks) {
  // The layers before, between and behind the loops have more than 32 KiB of weights.
  matches(network("beside", input<f32, 90>("x"),
                  [](auto x) {
                    auto h = gru<20>("g", relu(dense<101>("before", x)));
                    auto both = lstm<33>("l", tanh(dense<257>("between", h)) + dense<257>("skip", x));
                    return outputs(dense<300>("behind", both), h, sigmoid(dense<1>("narrow", concat(both, x))));
                  }),
          2e-4);
  // A state that is read late, one that is copied, one that two loops share, and one that nobody reads.
  matches(network("states", input<f32, 70>("x"), state<f32, 9>("a"), state<f32, 9>("b"), state<f32, 70>("last"),
                  [](auto x, auto a, auto b, auto last) {
                    auto wide = tanh(dense<150>("wide", x - last));
                    auto next = tanh(dense<9>("a", concat(a, wide))) + 0.5 * b;
                    auto y = dense<80>("y", concat(next, wide));
                    auto z = b * next;
                    b = 0.5 * a + 0.125 * z;
                    a = next;
                    last = 0.5 * x + 0.25 * last;
                    return outputs(y, z, dense<3>("a_out", a));
                  }),
          2e-4);
}

TEST_P(Streams, CausalConvolutionsInBlocks) {
  matches(network("conv", input<f32, 3>("x"), [](auto x) {
    auto h = tanh(causal_conv1d<19, 3>("c1", x, dilation<4>));
    return causal_conv1d<16, 2>("c2", h, dilation<40>, no_bias) + causal_conv1d<16, 1>("c3", h);
  }));
  matches(network("groups", input<f32, 16>("x"), [](auto x) {
    auto h = relu(causal_conv1d<16, 3>("depthwise", x, groups<16>));
    return causal_conv1d<24, 5>("grouped", h, groups<4>, dilation<2>);
  }));
  matches(network("delays", input<f32, 20>("x"), [](auto x) {
    auto h = dense<40>("fc", delay<1>(x));
    return outputs(delay<100>(h), delay<3>(delay<2>(h)) + h, history<3, 7>(slice<0, 1, 19>(h)));
  }));
}

TEST_P(Streams, HistoriesOfManySteps) {
  matches(network("nine", input<f32, 5>("x"), [](auto x) { return history<9, 3>(x); }));
  matches(network("fir", input<f32, 1>("x"), [](auto x) { return causal_conv1d<1, 64>("taps", x, no_bias); }));
  matches(network("long_memory", input<f32, 17>("x"),
                  [](auto x) { return dense<20>("out", flatten(history<11, 2>(tanh(dense<16>("in", x))))); }));
}

TEST_P(Streams, StatesThatAreReadInUnusualWays) {
  // A state's old value is another state's next value, in both directions.
  matches(network("swap", input<f32, 3>("x"), state<f32, 3>("a"), state<f32, 3>("b", constant<f32, 3>({1, 2, 3})),
                  [](auto x, auto a, auto b) {
                    const tensor<f32, 3> old = a;
                    a = b;
                    b = old;
                    return outputs(output("sum", old + x), output("a", a), output("old", old));
                  }));
  // A chain of delays, read in the reverse order of its updates.
  matches(network("chain", input<f32, 18>("x"), state<f32, 18>("a"), state<f32, 18>("b"), state<f32, 18>("c"),
                  [](auto x, auto a, auto b, auto c) {
                    const tensor<f32, 18> first = a, second = b;
                    a = x;
                    b = first;
                    c = second;
                    return c + b + a;
                  }));
  // The state is read after its next value is known, and through a reshape.
  matches(network("late", input<f32, 17>("x"), state<f32, 17>("s"), [](auto x, auto s) {
    const tensor<f32, 17> old = s;
    const auto turned = reshape<17, 1>(old);
    s = tanh(dense<17>("w", concat(x, old)));
    return outputs(dense<3>("u", s), dense<40>("v", old), softmax(flatten(transpose<0, 1>(turned))));
  }));
  // A state that keeps its value, one that no output reads, and one next value for two states.
  matches(network("kept", input<f32, 4>("x"), state<f32, 4>("k", param<f32, 4>("k0")), state<f32, 4>("p"),
                  state<f32, 4>("q"), [](auto x, auto k, auto p, auto q) {
                    const tensor<f32, 4> both = x + q * 0.5f;
                    k = k;
                    p = both;
                    q = both;
                    return x * k;
                  }));
  // An image as a state.
  matches(network("image", input<f32, 2, 5, 5>("x"), state<f32, 2, 5, 5>("s"), [](auto x, auto s) {
    s = 0.5f * s + conv2d<2, 3>("c", x, padding<1>);
    return outputs(s, mean<1, 2>(s));
  }));
  // A counter: the smallest network.
  matches(network("counter", input<f32, 1>("x"), state<f32, 1>("n"), [](auto x, auto n) {
    n = n + 1;
    return n * (0.0f * x + 1.0f);
  }));
}

TEST_P(Streams, RecurrentAndBatchLayersMixed) {
  matches(network("mixed", input<f32, 12>("x"), [](auto x) {
    auto h = relu(causal_conv1d<24, 3>("conv", layer_norm("norm", x), dilation<2>));
    auto y = gru<10>("gru", h);
    return outputs(softmax(dense<5>("classes", concat(y, h))), ema("smooth", x, 0.25f));
  }));
}

TEST_P(Streams, ManyLayersShareTheirCode) {
  matches(network("deep", input<f32, 8>("x"), [](auto x) {
    auto h = dense<8>("in", x);
    for (std::uint32_t i = 0; i < 12; ++i)
      h = scope("layers", i, h,
                [](auto v) { return tensor<f32, 8>(v + tanh(causal_conv1d<8, 2>("c", v, dilation<3>))); });
    for (std::uint32_t i = 0; i < 6; ++i) h = scope("gru", i, h, [](auto v) { return gru<8>("g", v); });
    return h;
  }));
}

TEST_P(Streams, ResetCuresNan) {
  const auto net = network("leaky", input<f32, 1>("x"), [](auto x) { return gru<4>("g", delay<2>(x)); });
  graph_builder b(net.name);
  detail::trace(net, b);
  const weights w = random_weights(b.view(), random_);
  const auto kernel = compile(b, w, {.cpu = GetParam()});
  std::vector<float> memory(kernel->memory_bytes() / 4), scratch(kernel->scratch_bytes() / 4 + 1);
  const auto after = [&](std::vector<float> x) {
    std::vector<float> y(4 * x.size());
    const float* in[] = {x.data()};
    float* out[] = {y.data()};
    EXPECT_EQ(kernel->run_steps(in, out, x.size(), memory.data(), scratch.data()), 0);
    return std::vector<float>(y.end() - 4, y.end());
  };
  kernel->reset(memory.data());
  const auto fresh = after({1, 2, 3, 4});
  EXPECT_TRUE(std::isfinite(fresh[0]));
  EXPECT_TRUE(std::isnan(after({NAN, 1, 1, 1})[0]));
  EXPECT_TRUE(std::isnan(after({1, 1, 1, 1})[0])) << "the state has met NaN";
  kernel->reset(memory.data());
  EXPECT_TRUE(same_bits(after({1, 2, 3, 4}), fresh));
}

TEST_P(Streams, NullPointersAndTooManySteps) {
  const auto net = network("n", input<f32, 1>("x"), [](auto x) { return delay<1>(x); });
  graph_builder b(net.name);
  detail::trace(net, b);
  const auto kernel = compile(b, {}, {.cpu = GetParam(), .max_batch = 2});
  std::vector<float> memory(kernel->memory_bytes() / 4), scratch(kernel->scratch_bytes() / 4 + 1), x{1, 2, 3}, y(3);
  kernel->reset(memory.data());
  const float* in[] = {x.data()};
  float* out[] = {y.data()};
  EXPECT_EQ(kernel->run_steps(in, out, 2, nullptr, scratch.data()), 1);
  EXPECT_EQ(kernel->run_steps(in, out, 3, memory.data(), scratch.data()), 4);
  EXPECT_EQ(kernel->run_steps(in, out, 0, nullptr, nullptr), 0);
  EXPECT_EQ(kernel->run_steps(in, out, 2, memory.data(), scratch.data()), 0);
  EXPECT_EQ(y, (std::vector<float>{0, 1, 0}));
}

INSTANTIATE_TEST_SUITE_P(Cpus, Streams, ::testing::ValuesIn(runnable_cpus()), name_of_cpu);

}  // namespace
}  // namespace inlay::testing
