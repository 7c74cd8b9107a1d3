// SPDX-License-Identifier: Apache-2.0
// Training on sequences as programs do it: what a network without memory could not learn, predictions against the
// interpreter, which runs the saved weights step by step, threads, and resuming.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <inlay/interpreter.hpp>
#include <inlay/thread_pool.hpp>
#include <inlay/trainer.hpp>

#include "models.hpp"

namespace {

using namespace inlay_test;

constexpr std::size_t kSteps = 12, kSamples = 37;
using trainer = inlay::sequence_trainer<xor_in_time, kSteps, loss::bce>;

struct sequences {
  std::vector<float> numbers, differ;
  explicit sequences(std::uint64_t seed) {
    inlay::random_numbers random(seed);
    for (std::size_t sample = 0; sample < kSamples; ++sample) {
      float before = 0;  // what a state says before the first step
      for (std::size_t t = 0; t < kSteps; ++t) {
        const float now = random.below(2) == 0 ? -1.0f : 1.0f;
        numbers.push_back(now), differ.push_back(now * before < 0 ? 1.0f : 0.0f);
        before = now;
      }
    }
  }
};

TEST(SequenceTrainer, LearnsXorInTime) {
  trainer training({.how = method::adam, .rate = 0.02}, 3);
  const sequences seen(1), unseen(2);
  float last = 1;
  for (int i = 0; i < 400; ++i) last = training.step(seen.numbers, seen.differ);
  EXPECT_LT(last, 0.02f);
  std::vector<float> answers(kSamples * kSteps);
  ASSERT_EQ(training.predict(unseen.numbers, answers), status::ok);
  int wrong = 0;
  for (std::size_t i = 0; i < answers.size(); ++i) wrong += (answers[i] > 0.5f) != (unseen.differ[i] > 0.5f) ? 1 : 0;
  EXPECT_EQ(wrong, 0);
}

TEST(SequenceTrainer, PredictsWhatTheStepsGiveOneByOne) {
  trainer training({}, 5);
  const sequences data(7);
  for (int i = 0; i < 3; ++i) training.step(data.numbers, data.differ);
  std::vector<float> found(kSamples * kSteps), expected(kSteps);
  ASSERT_EQ(training.predict(data.numbers, found), status::ok);
  const inlay::interpreter_result made = inlay::interpreter::create(inlay::graph_of<xor_in_time>, training.weights());
  ASSERT_TRUE(made);
  for (std::size_t sample = 0; sample < kSamples; ++sample) {
    made.value->run(data.numbers.data() + sample * kSteps, expected.data(), kSteps, inlay::engine::reference);
    for (std::size_t t = 0; t < kSteps; ++t) EXPECT_NEAR(found[sample * kSteps + t], expected[t], 2e-6f);
  }
}

TEST(SequenceTrainer, DividesItsWork) {
  const sequences data(9);
  inlay::thread_pool pool(3);
  trainer alone({}, 1), shared({}, 1), parallel({}, 1);
  shared.share(pool, 3);
  parallel.parallel(pool);
  const float expected = alone.gradients(data.numbers, data.differ);
  EXPECT_NEAR(shared.gradients(data.numbers, data.differ), expected, 1e-6f);
  EXPECT_NEAR(parallel.gradients(data.numbers, data.differ), expected, 1e-6f);
  for (const char* name : {"memory.weight_hh_l0", "memory.weight_ih_l0", "memory.bias_hh_l0", "output.weight"}) {
    const std::span<const float> all = alone.gradient(name);
    ASSERT_FALSE(all.empty()) << name;
    for (std::size_t i = 0; i < all.size(); ++i) {
      EXPECT_NEAR(shared.gradient(name)[i], all[i], 1e-5f) << name;
      EXPECT_NEAR(parallel.gradient(name)[i], all[i], 1e-5f) << name;
    }
  }
}

TEST(SequenceTrainer, GoesOnFromSavedWeights) {
  const sequences data(11);
  trainer first({.how = method::adamw, .rate = 0.01}, 1), second({.how = method::adamw, .rate = 0.01}, 2);
  for (int i = 0; i < 5; ++i) first.step(data.numbers, data.differ);
  ASSERT_TRUE(second.load(first.weights(/*resumable=*/true)).empty());
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(first.step(data.numbers, data.differ), second.step(data.numbers, data.differ)) << i;
}

// The weight of a causal convolution, which its layer reads in another order, begins as that of a layer.
TEST(SequenceTrainer, BeginsCausalConvolutions) {
  inlay::sequence_trainer<echo, 20> training({}, 1, inlay::initial::kaiming_uniform);
  const std::span<const float> weight = training.parameter("conv.weight");
  ASSERT_EQ(weight.size(), 4u * 3 * 5);
  const float most = std::sqrt(6.0f / 15);
  float low = 0, high = 0;
  for (const float each : weight) low = std::min(low, each), high = std::max(high, each);
  EXPECT_LT(low, -most / 2);
  EXPECT_GT(high, most / 2);
  EXPECT_LE(std::max(-low, high), most);
}

TEST(SequenceTrainer, RefusesWhatDoesNotFit) {
  trainer training;
  const sequences data(13);
  // One step less than whole sequences.
  EXPECT_TRUE(std::isnan(
      training.step(std::span(data.numbers).first(kSteps * 2 - 1), std::span(data.differ).first(kSteps * 2 - 1))));
  EXPECT_TRUE(std::isnan(training.step(data.numbers, std::span(data.differ).first(kSteps))));
  EXPECT_EQ(training.steps(), 0u);
}

}  // namespace
