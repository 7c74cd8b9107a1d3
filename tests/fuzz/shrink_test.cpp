// SPDX-License-Identifier: Apache-2.0
// Tests shrinking: every step gives a well-formed network, and the last one has only what the failure needs.
#include <gtest/gtest.h>

#include <algorithm>

#include "isolate.hpp"
#include "jit_kernel.hpp"
#include "shrink.hpp"

namespace inlay::fuzz {
namespace {

bool uses(const network& net, op kind) {
  return std::ranges::any_of(net.steps, [&](const step& s) { return s.kind == kind; });
}
bool uses(const network& net, activation function) {
  for (const step& s : net.steps)
    for (const instruction& c : s.program)
      if (c.code == scalar_op::apply && c.function == function) return true;
  return false;
}

TEST(Simpler, IsAlwaysWellFormed) {
  for (std::uint64_t i = 0; i < 60; ++i)
    for (const trial& small : simpler(draw_trial({}, i)))
      for (const network& net : small.networks) {
        const graph_builder b = build(net);
        ASSERT_FALSE(b.first_violation()) << "trial " << i << ": " << advice(b.first_violation().code) << "\n"
                                          << dsl_source(net);
      }
}

TEST(Shrink, LeavesWhatTheFailureNeeds) {
  unsigned found = 0;
  for (std::uint64_t i = 0; i < 1000 && found < 5; ++i) {
    const trial t = draw_trial({}, i);
    const auto fails = [](const trial& each) {
      return std::ranges::any_of(
          each.networks, [](const network& net) { return uses(net, op::concat) && uses(net, activation::tanh); });
    };
    if (!fails(t)) continue;
    ++found;
    const shrunk result = shrink(t, fails, 100000);
    const trial& small = result.smallest;
    ASSERT_TRUE(fails(small));
    ASSERT_EQ(small.networks.size(), 1u);
    EXPECT_EQ(small.calls.size(), 1u);
    EXPECT_EQ(small.calls[0].batch, 1u);
    EXPECT_LE(small.networks[0].steps.size(), 5u) << dsl_source(small.networks[0]);
    for (const step& s : small.networks[0].steps) EXPECT_LE(s.dims.elements(), 2u) << dsl_source(small.networks[0]);
    EXPECT_EQ(dsl_source(replay(t, result.steps).networks[0]), dsl_source(small.networks[0]));
  }
  EXPECT_EQ(found, 5u);
}

TEST(Simpler, IsAlwaysWellFormedWithState) {
  trial_settings settings;
  settings.draw.state = 1, settings.draw.most_nodes = 8;
  for (std::uint64_t i = 0; i < 40; ++i)
    for (const trial& small : simpler(draw_trial(settings, i)))
      for (const network& net : small.networks)
        ASSERT_FALSE(build(net).first_violation()) << "trial " << i << "\n" << dsl_source(net);
}

/// A failure that needs a state whose next value is made by tanh.
TEST(Shrink, LeavesTheStateThatTheFailureNeeds) {
  trial_settings settings;
  settings.draw.state = 1;
  const auto fails = [](const trial& each) {
    for (const network& net : each.networks)
      for (const step& s : net.steps)
        if (s.kind == op::update && net.steps[s.operands[1]].kind == op::map &&
            net.steps[s.operands[1]].program.back().function == activation::tanh)
          return true;
    return false;
  };
  unsigned found = 0;
  for (std::uint64_t i = 0; i < 300 && found < 5; ++i) {
    const trial t = draw_trial(settings, i);
    if (!fails(t)) continue;
    ++found;
    const shrunk result = shrink(t, fails, 100000);
    const network& net = result.smallest.networks[0];
    ASSERT_TRUE(fails(result.smallest));
    EXPECT_LT(result.tries, 100000u);
    // An input, the state, the map and the update.
    EXPECT_LE(net.steps.size(), 5u) << dsl_source(net);
    EXPECT_EQ(std::ranges::count_if(net.steps, [](const step& s) { return s.kind == op::state; }), 1)
        << dsl_source(net);
    EXPECT_FALSE(uses(net, op::history)) << dsl_source(net);
    EXPECT_EQ(dsl_source(replay(t, result.steps).networks[0]), dsl_source(net));
  }
  EXPECT_EQ(found, 5u);
}

TEST(Shrink, LeavesTwoNetworksIfTheFailureNeedsTwo) {
  unsigned found = 0;
  for (std::uint64_t i = 0; i < 3000 && found < 3; ++i) {
    const trial t = draw_trial({}, i);
    if (t.networks.size() < 3) continue;
    ++found;
    // The first and the last network fail together.
    const std::string first = t.networks[0].name, last = t.networks.back().name;
    const auto fails = [&](const trial& each) {
      const auto has = [&](const std::string& name) {
        return std::ranges::any_of(each.networks, [&](const network& net) { return net.name == name; });
      };
      return has(first) && has(last);
    };
    EXPECT_EQ(shrink(t, fails, 100000).smallest.networks.size(), 2u);
  }
  EXPECT_EQ(found, 3u);
}

TEST(Trial, HasManyStepsAndNoPartsOfANetworkWithState) {
  trial_settings settings;
  settings.parallel = 1;
  unsigned with_state = 0, long_ones = 0;
  for (std::uint64_t i = 0; i < 500; ++i) {
    const trial t = draw_trial(settings, i);
    const bool remembers = std::ranges::any_of(t.networks, [](const network& net) { return net.remembers(); });
    EXPECT_NE(t.parallel, remembers);
    if (!remembers) continue;
    std::size_t steps = 0;
    for (const call_plan& call : t.calls) {
      EXPECT_EQ(call.parts, 0u);
      steps = std::max(steps, call.first + call.batch);
    }
    ++with_state, long_ones += steps > 8;
  }
  EXPECT_GT(with_state, 100u);
  EXPECT_GT(long_ones, with_state / 2);
}

TEST(Trial, HasEveryKindOfCall) {
  bool split = false, empty = false, several = false, bf16 = false, refused = false, single = false;
  unsigned optimised = 0, parallel = 0, all = 0, blocks = 0, with_state = 0, reproducible = 0;
  std::set<unsigned> parts;
  std::set<std::size_t> batches;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const trial t = draw_trial({}, i);
    several = several || t.networks.size() > 1, bf16 = bf16 || t.bf16;
    const bool remembers = std::ranges::any_of(t.networks, &network::remembers);
    optimised += t.optimised, parallel += t.parallel, all += t.parallel && t.share_all;
    with_state += remembers, blocks += remembers && t.share_all, reproducible += t.reproducible;
    EXPECT_TRUE(t.parallel || !t.share_all || remembers);
    for (const call_plan& call : t.calls) {
      split = split || call.first > 0, empty = empty || call.batch == 0;
      refused = refused || (t.max_batch > 0 && call.batch > t.max_batch), single = single || t.max_batch == 1;
      parts.insert(call.parts), batches.insert(call.batch);
    }
  }
  EXPECT_TRUE(split && empty && several && bf16 && refused && single);
  EXPECT_LT(all, parallel);
  EXPECT_TRUE(blocks > with_state / 2 && blocks < with_state) << blocks << " of " << with_state;
  for (unsigned count : {optimised, parallel, all, reproducible}) EXPECT_TRUE(count > 80 && count < 400) << count;
  EXPECT_EQ(parts, (std::set<unsigned>{0, 1, 2, 3, 7}));
  for (std::size_t batch = 0; batch <= 70; ++batch) EXPECT_TRUE(batches.contains(batch)) << batch;
}

TEST(Trial, IsReproducibleOnlyWithFusedMultiplyAdd) {
  const auto is_drawn = [](const char* cpu, int setting, std::uint64_t index) {
    trial_settings settings;
    settings.cpus = {cpu}, settings.reproducible = setting;
    return draw_trial(settings, index).reproducible;
  };
  for (std::uint64_t i = 0; i < 100; ++i) {
    EXPECT_FALSE(is_drawn("x86-64", 1, i));
    EXPECT_TRUE(is_drawn("x86-64-v3", 1, i));
    EXPECT_FALSE(is_drawn("x86-64-v3", 0, i));
  }
}

TEST(Trial, DividesSmallLayersAmongThreads) {
  // One image of 9 by 9 pixels is too small to be worth it.
  network net{.name = "small", .steps = {}, .outputs = {{2, "y"}}};
  net.steps.push_back({.kind = op::input, .dims = {3, {4, 9, 9}}, .name = "x"});
  net.steps.push_back({.kind = op::parameter, .dims = {4, {8, 4, 3, 3}}, .name = "conv.weight"});
  const auto how = words_of(ops::conv2d_attributes{});
  net.steps.push_back({.kind = op::conv2d,
                       .dims = {3, {8, 7, 7}},
                       .name = "conv",
                       .operands = {0, 1, no_node},
                       .attributes = {how.begin(), how.end()}});
  const graph_builder b = build(net);
  ASSERT_FALSE(b.first_violation());
  const weights w = make_weights(b.view(), {});
  for (const bool share_all : {false, true}) {
    std::string error;
    const auto kernel = tools::jit_kernel::compile(b.view(), w, {.parallel = true, .share_all = share_all}, error);
    ASSERT_TRUE(kernel) << error;
    int meetings = 0;
    const inlay_parallel_for two_parts{[](void* count, void (*work)(void*, std::size_t, std::size_t), void* argument) {
                                         ++*static_cast<int*>(count);
                                         for (std::size_t part : {0u, 1u}) work(argument, part, 2);
                                       },
                                       &meetings};
    const std::vector<float> x(4 * 9 * 9, 1.0f);
    std::vector<float> y(8 * 7 * 7), scratch(kernel->scratch_bytes() / sizeof(float) + 1);
    const float* const inputs[] = {x.data()};
    float* const outputs[] = {y.data()};
    ASSERT_EQ(kernel->run(inputs, outputs, 1, scratch.data(), &two_parts), 0);
    EXPECT_EQ(meetings, share_all ? 1 : 0);
  }
}

}  // namespace
}  // namespace inlay::fuzz
