// SPDX-License-Identifier: Apache-2.0
// Networks with state, many streams in one call: the same as streams that run one after the other, for every number of
// streams up to two registers and a rest, with inputs and outputs of every width that is transposed in another way, for
// states of any size, and where streams cannot run side by side.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <deque>

#include "Inlay/Network/Summary.h"
#include "compiled_for_cpus.hpp"
#include "inlay/dsl.hpp"
#include "inlay/graph_memory.hpp"

namespace inlay::testing {
namespace {

enum class Runs { side_by_side, one_by_one };

class Voices : public CompiledForCpus {
 protected:
  static std::vector<std::size_t> widths(const graph_view& graph, bool outputs) {
    std::vector<std::size_t> result;
    if (outputs)
      for (const output_record& each : graph.outputs)
        result.push_back(static_cast<std::size_t>(graph.nodes[each.node].dims.elements()));
    else
      for (const node_record& node : graph.nodes)
        if (node.kind == op::input) result.push_back(static_cast<std::size_t>(node.dims.elements()));
    return result;
  }

  /// Some streams and what they remember, in memory with guard pages.
  struct streams {
    streams(const graph_view& graph, const tools::jit_kernel& kernel, std::size_t count)
        : graph(graph), kernel(kernel), count(count), memory(count * kernel.memory_bytes() / sizeof(float)) {
      for (std::size_t voice = 0; voice < count; ++voice) kernel.reset(memory_of(voice));
    }
    float* memory_of(std::size_t voice) { return memory.data() + voice * kernel.memory_bytes() / sizeof(float); }

    /// Runs steps of all streams, in one call or one after the other.
    std::vector<std::vector<float>> run(const std::vector<std::vector<float>>& inputs, std::size_t steps,
                                        bool in_one_call) {
      guarded_floats scratch(kernel.scratch_bytes() / sizeof(float));
      std::ranges::fill(scratch.span(), std::numeric_limits<float>::quiet_NaN());
      std::deque<guarded_floats> in, out;
      for (const auto& each : inputs) {
        in.emplace_back(each.size());
        std::ranges::copy(each, in.back().data());
      }
      for (const std::size_t width : widths(graph, true)) {
        out.emplace_back(count * steps * width);
        std::ranges::fill(out.back().span(), std::numeric_limits<float>::quiet_NaN());
      }
      const auto pointers = [&](std::deque<guarded_floats>& all, std::size_t voice) {
        std::vector<float*> result;
        for (guarded_floats& each : all) result.push_back(each.data() + voice * (each.span().size() / count));
        return result;
      };
      const auto call = [&](std::size_t voice) {
        std::vector<const float*> from;
        for (float* each : pointers(in, voice)) from.push_back(each);
        const std::vector<float*> to = pointers(out, voice);
        return in_one_call ? kernel.run_voices(from, to, count, steps, memory.data(), scratch.data())
                           : kernel.run_steps(from, to, steps, memory_of(voice), scratch.data());
      };
      for (std::size_t voice = 0; voice < (in_one_call ? 1 : count); ++voice) EXPECT_EQ(call(voice), 0);
      std::vector<std::vector<float>> results;
      for (guarded_floats& each : out) results.emplace_back(each.span().begin(), each.span().end());
      return results;
    }

    const graph_view& graph;
    const tools::jit_kernel& kernel;
    std::size_t count;
    guarded_floats memory;
  };

  template <class Net>
  void matches(const Net& net, Runs runs = Runs::side_by_side, tools::jit_target target = {}) {
    SCOPED_TRACE(std::string(net.name));
    graph_builder b(net.name);
    detail::trace(net, b);
    ASSERT_FALSE(b.first_violation()) << b.first_violation().expected.view();
    const graph_view graph = b.view();
    weights w = random_weights(graph, random_);
    for (weight_tensor& tensor : w.tensors)
      for (float& each : tensor.values) each *= 0.5f;
    target.cpu = GetParam(), target.voices = true;
    const auto kernel = compile(b, w, target);
    EXPECT_EQ(kernel->summary().voicesInLanes > 0, runs == Runs::side_by_side);
    std::vector<std::size_t> counts = {63, 64, 65};
    for (std::size_t count = 1; count <= 36; ++count) counts.push_back(count);
    for (const std::size_t count : counts) {
      streams together(graph, *kernel, count), alone(graph, *kernel, count);
      for (const std::size_t steps : std::initializer_list<std::size_t>{1, 5, 2}) {
        std::vector<std::vector<float>> inputs;
        for (const std::size_t width : widths(graph, false)) {
          inputs.emplace_back(count * steps * width);
          for (float& each : inputs.back()) each = std::uniform_real_distribution<float>(-2, 2)(random_);
        }
        const auto found = together.run(inputs, steps, true), expected = alone.run(inputs, steps, false);
        for (std::size_t output = 0; output < found.size(); ++output)
          for (std::size_t i = 0; i < found[output].size(); ++i)
            ASSERT_NEAR(found[output][i], expected[output][i], 2e-5 * (1 + std::abs(expected[output][i])))
                << count << " streams, " << steps << " steps, output " << output << ", element " << i;
      }
      if (runs == Runs::one_by_one) {
        ASSERT_EQ(std::memcmp(together.memory.data(), alone.memory.data(), alone.memory.span().size_bytes()), 0);
      }
    }
  }
};

TEST_P(Voices, RunRecurrentLayersOfOddSizes) {
  matches(network("gru", input<f32, 1>("x"), [](auto x) { return dense<1>("out", gru<8>("rnn", x)); }));
  matches(network("before", input<f32, 3>("x"), [](auto x) { return gru<5>("rnn", x, reset_before); }));
  matches(network("lstm", input<f32, 2>("x"), [](auto x) { return dense<7>("out", lstm<17>("rnn", x)); }));
  matches(network("stacked", input<f32, 4>("x"), [](auto x) { return rnn<9>("rnn", x, num_layers<3>); }));
  matches(network("one", input<f32, 5>("x"), [](auto x) { return sigmoid(dense<1>("out", rnn<1>("rnn", x))); }));
  matches(network("wide", input<f32, 33>("x"), [](auto x) { return dense<3>("out", gru<40>("rnn", x)); }));
}

TEST_P(Voices, BeginWithTheFirstValuesOfStates) {
  matches(network("turn", input<f32, 1>("force"), state<f32, 2>("position", constant<f32, 2>({1, -3})),
                  [](auto force, auto position) {
                    position = tanh(dense<2>("turn", concat(force, position)));
                    return position;
                  }));
}

TEST_P(Voices, ReadStatesInUnusualWays) {
  // A state that stays as it is, one that becomes another state, one that is an input, and one that is read again after
  // its next value is known.
  matches(network("odd", input<f32, 3>("x"), state<f32, 3>("fixed", constant<f32, 3>({1, 2, 3})), state<f32, 3>("a"),
                  state<f32, 3>("b"), state<f32, 3>("last"), [](auto x, auto fixed, auto a, auto b, auto last) {
                    const auto next = tanh(x + a * fixed);
                    const auto sum = next + b;
                    b = a, a = next, last = x;
                    fixed = fixed + 0.0f;
                    return outputs(output("sum", sum), output("product", last * next));
                  }));
}

TEST_P(Voices, TakeSeveralInputsConcatsSlicesAndSoftmax) {
  matches(network("mixed", input<f32, 2>("a"), input<f32, 7>("b"), state<f32, 2, 3>("s"), [](auto a, auto b, auto s) {
    const auto joined = concat<1>(s, reshape<2, 1>(a));  // [2, 4]
    const auto cut = slice<1, 1, 3>(joined);             // [2, 3], copied
    s = softmax(cut + s);
    return outputs(output("p", softmax(dense<5>("out", concat(b, reshape<6>(s))))), output("s", reshape<6>(s)));
  }));
}

TEST_P(Voices, RunOneByOneWhereNoLaneCan) {
  matches(network("conv", input<f32, 3>("x"), [](auto x) { return relu(causal_conv1d<4, 3>("c", x, dilation<2>)); }),
          Runs::one_by_one);
  const auto net = network("gru", input<f32, 1>("x"), [](auto x) { return dense<1>("out", gru<8>("rnn", x)); });
  if (GetParam() != "x86-64") matches(net, Runs::one_by_one, {.reproducible = true});
}

TEST_P(Voices, StoreWeightsAsBf16) {
  matches(network("gru", input<f32, 4>("x"), [](auto x) { return dense<2>("out", gru<12>("rnn", x)); }),
          Runs::side_by_side, {.bf16_weights = true});
}

TEST_P(Voices, SaySoIfAPointerIsMissingOrStepsAreTooMany) {
  constexpr auto net = network("gru", input<f32, 1>("x"), [](auto x) { return dense<1>("out", gru<8>("rnn", x)); });
  graph_builder b(net.name);
  detail::trace(net, b);
  std::mt19937 random(3);
  const auto kernel = compile(b, random_weights(b.view(), random), {.cpu = GetParam(), .max_batch = 4, .voices = true});
  std::vector<float> x(400), y(400), memory(100 * kernel->memory_bytes() / 4), scratch(kernel->scratch_bytes() / 4 + 1);
  const auto call = [&](const float* in, float* out, std::size_t voices, std::size_t steps, float* memories, float* s) {
    return kernel->run_voices(std::span(&in, 1), std::span(&out, 1), voices, steps, memories, s);
  };
  float *in = x.data(), *out = y.data(), *memories = memory.data(), *s = scratch.data();
  for (std::size_t voice = 0; voice < 100; ++voice) kernel->reset(memories + voice * kernel->memory_bytes() / 4);
  EXPECT_EQ(call(in, out, 100, 4, memories, s), 0);
  EXPECT_EQ(call(in, out, 1, 5, memories, s), 4);
  EXPECT_EQ(call(nullptr, out, 2, 1, memories, s), 1);
  EXPECT_EQ(call(in, nullptr, 2, 1, memories, s), 1);
  EXPECT_EQ(call(in, out, 2, 1, nullptr, s), 1);
  EXPECT_EQ(call(nullptr, nullptr, 0, 1, nullptr, nullptr), 0);
  EXPECT_EQ(call(nullptr, nullptr, 1, 0, nullptr, nullptr), 0);
}

INSTANTIATE_TEST_SUITE_P(OnEachCpu, Voices, ::testing::ValuesIn(runnable_cpus()), name_of_cpu);

}  // namespace
}  // namespace inlay::testing
