// SPDX-License-Identifier: Apache-2.0
// Training of networks whose layers have weights that are computed from parameters: how it begins, what it learns, on
// threads, saved and resumed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <inlay/interpreter.hpp>
#include <inlay/thread_pool.hpp>
#include <inlay/trainer.hpp>

#include "models.hpp"
#include "trained_numbers.hpp"

extern std::size_t allocations;  // so far; see count_allocations.cpp

namespace {

using namespace inlay_test;

constexpr std::size_t batch = 61;

/// Samples of either network.
struct samples {
  std::vector<float> x, target;
  samples(std::size_t inputs, std::size_t outputs) : x(batch * inputs), target(batch * outputs) {
    inlay::random_numbers random(7);
    for (float& each : x) each = 2 * random.uniform() - 1;
    for (std::size_t i = 0; i < target.size(); ++i) target[i] = x[i / outputs * inputs + i % outputs] > 0 ? 1 : 0;
  }
};

constexpr const char* parameters_of_lengths[] = {"a.weight_v", "a.weight_g", "a.bias", "out.weight", "out.bias"};

template <class Trainer>
std::vector<float> gradients_of(Trainer& training) {
  std::vector<float> all;
  for (const char* name : parameters_of_lengths) {
    const std::span<const float> found = training.gradient(name);
    EXPECT_FALSE(found.empty()) << name;
    all.insert(all.end(), found.begin(), found.end());
  }
  return all;
}

TEST(ComputedTrainer, BeginsWithTheLengthsOfTheDirections) {
  inlay::trainer<lengths, loss::bce> training({}, 4);
  const std::span<const float> v = training.parameter("a.weight_v"), g = training.parameter("a.weight_g");
  float most = 0;
  for (float each : v) most = std::max(most, std::abs(each));
  EXPECT_NEAR(most, 1 / std::sqrt(67.0f), 1e-3f);  // as the weight of a layer with 67 inputs
  for (std::size_t row = 0; row < 301; ++row) {
    double squares = 0;
    for (std::size_t i = 0; i < 67; ++i) squares += std::pow(static_cast<double>(v[row * 67 + i]), 2);
    ASSERT_NEAR(static_cast<double>(g[row]), std::sqrt(squares), 1e-6);
  }
  inlay::trainer<masked, loss::bce> other({}, 4);
  for (float each : other.parameter("hidden.weight")) EXPECT_LE(std::abs(each), 1 / std::sqrt(2.0f));
  EXPECT_NE(other.parameter("hidden.weight")[0], other.parameter("hidden.weight")[1]);
}

TEST(ComputedTrainer, LearnsAndPredictsLikeTheInterpreterWithTheSavedWeights) {
  const samples all(67, 2);
  inlay::trainer<lengths, loss::bce> training({.rate = 0.01}, 4);
  std::vector<float> found(batch * 2), expected(found.size());
  float first = 0, last = 0;
  for (int i = 0; i < 40; ++i) {
    last = training.step(all.x, all.target);
    if (i == 0) first = last;
    ASSERT_EQ(training.predict(all.x, found), status::ok);  // between steps it must not disturb them
  }
  EXPECT_LT(last, 0.5f * first);
  const std::string path = (std::filesystem::temp_directory_path() / "inlay_computed.safetensors").string();
  ASSERT_EQ(training.save(path), "");
  const inlay::weights_result read = inlay::load_safetensors(path);
  std::filesystem::remove(path);
  ASSERT_TRUE(read) << read.error;
  EXPECT_EQ(read.value.tensors.size(), 5u);
  const auto oracle = inlay::interpreter::create(graph_of<lengths>, read.value);
  ASSERT_TRUE(oracle);
  oracle.value->run(all.x.data(), expected.data(), batch, engine::reference);
  for (std::size_t i = 0; i < found.size(); ++i) ASSERT_NEAR(found[i], expected[i], 1e-5f);
  // A change is seen by the next prediction.
  for (float& each : training.parameter("a.weight_g")) each *= 2;
  const std::vector<float> before = found;
  ASSERT_EQ(training.predict(all.x, found), status::ok);
  EXPECT_FALSE(same_bits(before, found));
}

TEST(ComputedTrainer, PredictsBeforeAStepAndBetweenGradientsAndUpdate) {
  const samples all(67, 2);
  std::vector<float> found(batch * 2), expected(found.size());
  inlay::trainer<lengths, loss::bce> training({.rate = 0.01}, 4), other({.rate = 0.01}, 4);
  ASSERT_EQ(training.predict(all.x, found), status::ok);
  const auto oracle = inlay::interpreter::create(graph_of<lengths>, training.weights());
  oracle.value->run(all.x.data(), expected.data(), batch, engine::reference);
  for (std::size_t i = 0; i < found.size(); ++i) ASSERT_NEAR(found[i], expected[i], 1e-5f);
  for (int i = 0; i < 3; ++i) {
    other.step(all.x, all.target);
    training.gradients(all.x, all.target);
    ASSERT_EQ(training.predict(all.x, found), status::ok);
    training.update();
  }
  EXPECT_TRUE(same_bits(numbers_of(training.weights(true)), numbers_of(other.weights(true))));
}

TEST(ComputedTrainer, DividesItsWork) {
  const samples all(67, 2);
  inlay::thread_pool pool(3);
  inlay::trainer<lengths, loss::bce> alone({.rate = 0.01}, 4), shared({.rate = 0.01}, 4), divided({.rate = 0.01}, 4);
  shared.share(pool, 3), divided.parallel(pool);
  const std::size_t before = allocations;
  for (int i = 0; i < 5; ++i) {
    const float expected = alone.step(all.x, all.target);
    EXPECT_NEAR(shared.step(all.x, all.target), expected, 1e-5f);
    EXPECT_NEAR(divided.step(all.x, all.target), expected, 1e-5f);
  }
  EXPECT_EQ(allocations, before);
  const std::vector<float> expected = gradients_of(alone);
  for (auto* each : {&shared, &divided}) {
    const std::vector<float> found = gradients_of(*each);
    for (std::size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(found[i], expected[i], 2e-3f) << i;
    std::vector<float> outputs(batch * 2), outputs_alone(outputs.size());
    ASSERT_EQ(each->predict(all.x, outputs), status::ok);
    ASSERT_EQ(alone.predict(all.x, outputs_alone), status::ok);
    for (std::size_t i = 0; i < outputs.size(); ++i) ASSERT_NEAR(outputs[i], outputs_alone[i], 1e-3f);
  }
}

TEST(ComputedTrainer, ResumesWithTheSameBits) {
  const samples all(67, 2);
  inlay::trainer<lengths, loss::bce> whole({.rate = 0.01}, 4), first({.rate = 0.01}, 4), second({.rate = 0.01}, 9);
  for (int i = 0; i < 12; ++i) whole.step(all.x, all.target);
  for (int i = 0; i < 5; ++i) first.step(all.x, all.target);
  second.step(all.x, all.target);
  ASSERT_TRUE(second.load(first.weights(true)).empty());
  for (int i = 0; i < 7; ++i) second.step(all.x, all.target);
  EXPECT_TRUE(same_bits(numbers_of(whole.weights(true)), numbers_of(second.weights(true))));
}

TEST(ComputedTrainer, DifferentiatesBesideABatchNorm) {
  const samples all(2, 1);
  inlay::trainer<masked, loss::bce> training({}, 4);
  float next = 0.3f;
  for (float& each : training.parameter("hidden.weight")) each = next, next = next > 0 ? -next - 0.1f : -next;
  training.gradients(all.x, all.target);
  const std::span<const float> sums = training.gradient("hidden.weight");
  const std::vector<float> found(sums.begin(), sums.end());
  EXPECT_EQ(found[2], 0.0f);  // behind the mask's 0
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto loss_at = [&](float change) {
      training.parameter("hidden.weight")[i] += change;
      const float mean = training.gradients(all.x, all.target);
      training.parameter("hidden.weight")[i] -= change;
      return mean;
    };
    const float slope = (loss_at(0.02f) - loss_at(-0.02f)) / 0.04f;
    EXPECT_NEAR(found[i] / static_cast<float>(batch), slope, 2e-3f) << i;
  }
  const float first = training.step(all.x, all.target);
  for (int i = 0; i < 200; ++i) training.step(all.x, all.target);
  EXPECT_LT(training.step(all.x, all.target), 0.9f * first);
}

}  // namespace
