// SPDX-License-Identifier: Apache-2.0
// Training as programs do it: what is learned, the same bits twice, saving and resuming, the optimizers against their
// formulas in double.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <inlay/interpreter.hpp>
#include <inlay/thread_pool.hpp>
#include <inlay/trainer.hpp>
#include <numeric>
#include <stdexcept>

#include "models.hpp"
#include "trained_numbers.hpp"

extern std::size_t allocations;  // so far; see count_allocations.cpp

namespace {

using namespace inlay_test;

constexpr float corners[] = {0, 0, 0, 1, 1, 0, 1, 1};
constexpr float exclusive[] = {0, 1, 1, 0};

template <class Trainer>
int right_answers(Trainer& training) {
  float answers[4];
  EXPECT_EQ(training.predict(corners, answers), status::ok);
  int right = 0;
  for (int i = 0; i < 4; ++i) right += (answers[i] > 0.5f) == (exclusive[i] > 0.5f) ? 1 : 0;
  return right;
}

TEST(Trainer, LearnsXor) {
  inlay::trainer<xor_tanh, loss::bce> training({.how = method::adam, .rate = 0.05}, 1);
  float last = 1;
  for (int i = 0; i < 2000; ++i) last = training.step(corners, exclusive);
  EXPECT_LT(last, 0.01f);
  EXPECT_EQ(right_answers(training), 4);
  EXPECT_EQ(training.steps(), 2000u);
}

TEST(Trainer, AllocatesNothingInAStep) {
  inlay::thread_pool pool(2);
  inlay::trainer<xor_tanh, loss::bce> training({.most_norm = 1});
  float answers[4];
  for (int shares = 1; shares <= 2; ++shares) {
    training.share(pool, static_cast<std::size_t>(shares));
    const std::size_t before = allocations;
    for (int i = 0; i < 10; ++i) training.step(corners, exclusive);
    ASSERT_EQ(training.predict(corners, answers), status::ok);
    EXPECT_EQ(allocations, before);
  }
}

TEST(Trainer, LearnsNoXorWithoutAnActivation) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    inlay::trainer<xor_linear, loss::bce> training({.how = method::adam, .rate = 0.05}, seed);
    float last = 0;
    for (int i = 0; i < 2000; ++i) last = training.step(corners, exclusive);
    EXPECT_GT(last, 0.6f);  // log 2 is that of a coin
    EXPECT_LE(right_answers(training), 3);
  }
}

TEST(Trainer, GivesTheSameBitsTwice) {
  const auto train = [](std::uint64_t seed) {
    inlay::trainer<xor_tanh, loss::bce> training({}, seed);
    for (int i = 0; i < 50; ++i) training.step(corners, exclusive);
    return numbers_of(training.weights(true));
  };
  EXPECT_TRUE(same_bits(train(3), train(3)));
  EXPECT_FALSE(same_bits(train(3), train(4)));
}

TEST(Trainer, PredictsLikeTheInterpreter) {
  inlay::trainer<classifier, loss::cross_entropy> training({}, 5);
  inlay::random_numbers random(9);
  std::vector<float> x(150 * 20), found(150 * 3), expected(found.size());
  std::vector<std::int32_t> labels(150);
  for (float& each : x) each = 2 * random.uniform() - 1;
  for (std::int32_t& each : labels) each = static_cast<std::int32_t>(random.below(3));
  for (int i = 0; i < 10; ++i) training.step(x, labels);
  ASSERT_EQ(training.predict(x, found), status::ok);
  const auto oracle = inlay::interpreter::create(graph_of<classifier>, training.weights());
  ASSERT_TRUE(oracle);
  oracle.value->run(x.data(), expected.data(), 150, engine::reference);
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-5f);
  training.parameter("out.bias")[0] += 1;  // a change is seen by the next prediction
  std::vector<float> changed(found.size());
  ASSERT_EQ(training.predict(x, changed), status::ok);
  EXPECT_GT(changed[0], found[0]);
}

TEST(Trainer, ResumesWithTheSameBits) {
  const auto run = [](auto& training, int steps) {
    for (int i = 0; i < steps; ++i) training.step(corners, exclusive);
  };
  for (method how : {method::sgd, method::adam, method::adamw}) {
    const optimizer options{.how = how, .rate = 0.02, .momentum = 0.9, .weight_decay = 0.01};
    inlay::trainer<xor_tanh, loss::bce> whole(options, 2), first(options, 2), second(options, 77);
    run(whole, 30), run(first, 17);
    const std::string path = (std::filesystem::temp_directory_path() / "inlay_resume.safetensors").string();
    ASSERT_EQ(first.save(path, true), "");
    const inlay::weights_result read = inlay::load_safetensors(path);
    std::filesystem::remove(path);
    ASSERT_TRUE(read) << read.error;
    ASSERT_TRUE(second.load(read.value).empty());
    run(second, 13);
    EXPECT_TRUE(same_bits(numbers_of(whole.weights(true)), numbers_of(second.weights(true))));
  }
}

TEST(Trainer, RefusesWeightsThatDoNotFit) {
  inlay::trainer<xor_tanh, loss::bce> training;
  inlay::weights w = training.weights();
  w.tensors[0].values.pop_back();
  const std::vector<float> before = numbers_of(training.weights());
  EXPECT_FALSE(training.load(w).empty());
  EXPECT_TRUE(same_bits(before, numbers_of(training.weights())));
}

TEST(Trainer, RefusesSizesThatDoNotFit) {
  inlay::trainer<two_paths, loss::bce> training;
  const std::vector<float> before = numbers_of(training.weights());
  std::vector<float> a(6), b(4), target(4);
  EXPECT_FALSE(std::isnan(training.step(a, b, target)));
  EXPECT_TRUE(std::isnan(training.step(a, std::span(b).first(2), target)));
  EXPECT_TRUE(std::isnan(training.step(a, b, std::span(target).first(3))));
  EXPECT_TRUE(std::isnan(training.step(std::span(a).first(0), std::span(b).first(0), std::span(target).first(0))));
  EXPECT_EQ(training.steps(), 1u);
}

/// One parameter's updates by PyTorch's formulas, in double.
struct reference_update {
  inlay::optimizer how;
  std::vector<double> p, m, v;
  int t = 0;
  void operator()(std::span<const float> gradient, double scale) {
    ++t;
    m.resize(p.size()), v.resize(p.size());
    for (std::size_t i = 0; i < p.size(); ++i) {
      double g = scale * static_cast<double>(gradient[i]);
      if (how.how == method::adamw)
        p[i] *= 1 - how.rate * how.weight_decay;
      else
        g += how.weight_decay * p[i];
      if (how.how == method::sgd) {
        m[i] = how.momentum * m[i] + g;
        p[i] -= how.rate * (how.nesterov ? g + how.momentum * m[i] : m[i]);
        continue;
      }
      m[i] = how.beta1 * m[i] + (1 - how.beta1) * g;
      v[i] = how.beta2 * v[i] + (1 - how.beta2) * g * g;
      const double first = m[i] / (1 - std::pow(how.beta1, t)), second = v[i] / (1 - std::pow(how.beta2, t));
      p[i] -= how.rate * first / (std::sqrt(second) + how.epsilon);
    }
  }
};

TEST(Trainer, UpdatesByTheFormulasOfItsOptimizers) {
  const inlay::optimizer all[] = {
      {.how = method::sgd, .rate = 0.1},
      {.how = method::sgd, .rate = 0.1, .momentum = 0.9, .weight_decay = 0.05},
      {.how = method::sgd, .rate = 0.1, .momentum = 0.9, .nesterov = true},
      {.how = method::adam, .rate = 0.01, .weight_decay = 0.05},
      {.how = method::adamw, .rate = 0.01, .weight_decay = 0.1},
      {.how = method::adamw, .rate = 0.01, .beta1 = 0.5, .beta2 = 0.9},
  };
  for (const inlay::optimizer& how : all) {
    inlay::trainer<two_paths, loss::bce> training(how, 4);
    inlay::random_numbers random(1);
    std::vector<float> a(30), b(20), target(20);
    for (auto* values : {&a, &b, &target})
      for (float& each : *values) each = random.uniform();
    const std::span<float> w = training.parameter("of_a.weight");
    reference_update reference{how, {w.begin(), w.end()}, {}, {}};
    for (int i = 0; i < 20; ++i) {
      training.step(a, b, target);
      reference(training.gradient("of_a.weight"), 0.1);
    }
    for (std::size_t i = 0; i < w.size(); ++i)
      EXPECT_NEAR(static_cast<double>(w[i]), reference.p[i], 2e-5) << static_cast<int>(how.how);
  }
}

TEST(Trainer, LimitsTheNormOfTheGradient) {
  inlay::trainer<two_paths, loss::bce> training({.how = method::sgd, .rate = 1, .most_norm = 1e-3}, 4);
  inlay::random_numbers random(1);
  std::vector<float> a(30), b(20), target(20);
  for (auto* values : {&a, &b, &target})
    for (float& each : *values) each = random.uniform();
  const std::vector<float> before = numbers_of(training.weights());
  training.step(a, b, target);
  const std::vector<float> after = numbers_of(training.weights());
  double moved = 0;
  for (std::size_t i = 0; i < before.size(); ++i)
    moved += std::pow(static_cast<double>(after[i]) - static_cast<double>(before[i]), 2);
  EXPECT_NEAR(std::sqrt(moved), 1e-3, 1e-5);
}

TEST(Trainer, SharesItsWorkAmongThreads) {
  inlay::random_numbers random(1);
  std::vector<float> x(101 * 20);
  std::vector<std::int32_t> labels(101);
  for (float& each : x) each = random.uniform();
  for (std::int32_t& each : labels) each = static_cast<std::int32_t>(random.below(3));
  const auto train = [&](unsigned threads, std::size_t shares) {
    inlay::thread_pool pool(threads);
    inlay::trainer<classifier, loss::cross_entropy> training({.rate = 0.01}, 5);
    if (shares > 1) training.share(pool, shares);
    float last = 0;
    for (int i = 0; i < 20; ++i) last = training.step(x, labels);
    EXPECT_EQ(training.steps(), 20u);
    std::vector<float> all = numbers_of(training.weights(true));
    all.push_back(last);
    return all;
  };
  const std::vector<float> alone = train(1, 1), two = train(2, 2), five = train(3, 5);
  EXPECT_TRUE(same_bits(two, train(1, 2)));
  EXPECT_TRUE(same_bits(five, train(2, 5)));
  ASSERT_EQ(alone.size(), two.size());
  for (std::size_t i = 0; i < alone.size(); ++i) {
    EXPECT_NEAR(alone[i], two[i], 1e-4f);
    EXPECT_NEAR(alone[i], five[i], 1e-4f);
  }
  // More shares than samples.
  inlay::thread_pool pool(2);
  inlay::trainer<classifier, loss::cross_entropy> training;
  training.share(pool, 4);
  EXPECT_FALSE(std::isnan(training.step(std::span(x).first(20), std::span(labels).first(1))));
}

/// Samples of the wide network, of which 301 are more than two blocks.
struct wide_samples {
  std::vector<float> x;
  std::vector<std::int32_t> labels;
  explicit wide_samples(std::size_t count) : x(count * 67), labels(count) {
    inlay::random_numbers random(1);
    for (float& each : x) each = 2 * random.uniform() - 1;
    for (std::int32_t& each : labels) each = static_cast<std::int32_t>(random.below(5));
  }
};

TEST(Trainer, DividesItsLayersAmongThreads) {
  const wide_samples samples(301);
  const auto train = [&](unsigned threads) {
    inlay::thread_pool pool(threads);
    inlay::trainer<wide, loss::cross_entropy> training({.rate = 0.01}, 5);
    if (threads > 0) training.parallel(pool);
    std::vector<float> losses;
    for (int i = 0; i < 20; ++i) losses.push_back(training.step(samples.x, samples.labels));
    EXPECT_LT(losses.back(), losses.front());
    std::vector<float> all = numbers_of(training.weights(true)), outputs(samples.labels.size() * 5);
    EXPECT_EQ(training.predict(samples.x, outputs), status::ok);
    all.insert(all.end(), losses.begin(), losses.end());
    all.insert(all.end(), outputs.begin(), outputs.end());
    return all;
  };
  const std::vector<float> alone = train(0);
  for (unsigned threads : {1u, 2u, 5u}) {
    const std::vector<float> divided = train(threads);
    EXPECT_TRUE(same_bits(divided, train(threads)));
    ASSERT_EQ(alone.size(), divided.size());
    for (std::size_t i = 0; i < alone.size(); ++i) ASSERT_NEAR(alone[i], divided[i], 2e-3f) << threads << ", " << i;
  }
}

TEST(Trainer, ChangesHowItDividesItsWork) {
  const wide_samples samples(40);
  inlay::thread_pool pool(2);
  inlay::trainer<wide, loss::cross_entropy> training({.how = method::sgd, .rate = 0}, 5);
  std::vector<std::vector<float>> gradients;
  const auto step = [&] {
    training.step(samples.x, samples.labels);
    const std::span<const float> found = training.gradient("a.weight");
    gradients.emplace_back(found.begin(), found.end());
  };
  step(), training.parallel(pool), step(), training.share(pool, 3), step(), training.parallel(pool), step();
  training.share(pool, 1), step();
  EXPECT_TRUE(same_bits(gradients[1], gradients[3]));
  EXPECT_TRUE(same_bits(gradients[0], gradients[4]));
  for (const std::vector<float>& each : gradients)
    for (std::size_t i = 0; i < each.size(); ++i) ASSERT_NEAR(each[i], gradients[0][i], 1e-4f);
  EXPECT_GT(*std::ranges::max_element(gradients[0]), 0.01f);
}

TEST(Trainer, AllocatesNothingWhereThreadsDivideALayer) {
  const wide_samples samples(40);
  inlay::thread_pool pool(2);
  inlay::trainer<wide, loss::cross_entropy> training;
  training.parallel(pool);
  std::vector<float> outputs(200);
  const std::size_t before = allocations;
  for (int i = 0; i < 10; ++i) training.step(samples.x, samples.labels);
  ASSERT_EQ(training.predict(samples.x, outputs), status::ok);
  EXPECT_EQ(allocations, before);
}

TEST(Trainer, LearnsTheStatisticsOfBatches) {
  // Both moments of the inputs differ from 0 and 1, so that a network which normalises by the first statistics fails.
  inlay::random_numbers random(1);
  std::vector<float> x(64 * 2), target(64), outputs(64);
  for (std::size_t i = 0; i < 64; ++i) {
    x[2 * i] = 30 + 4 * random.uniform(), x[2 * i + 1] = -7 + 0.1f * random.uniform();
    target[i] = x[2 * i] > 32 ? 1 : 0;
  }
  inlay::trainer<normalised, loss::bce> training({.how = method::adamw, .rate = 0.02}, 3);
  EXPECT_EQ(training.parameter("norm.running_var")[7], 1.0f);
  for (int i = 0; i < 300; ++i) training.step(x, target);
  int right = 0;
  ASSERT_EQ(training.predict(x, outputs), status::ok);
  for (std::size_t i = 0; i < 64; ++i) right += (outputs[i] > 0.5f) == (target[i] > 0.5f) ? 1 : 0;
  EXPECT_GE(right, 62);
  // A decay of a tenth changes the weights, but not the statistics.
  const auto copy_of = [&](const char* name) {
    const std::span<const float> now = training.parameter(name);
    return std::vector<float>(now.begin(), now.end());
  };
  const std::vector<float> mean = copy_of("norm.running_mean"), variance = copy_of("norm.running_var");
  const float weight = training.parameter("norm.weight")[0];
  training.options().rate = 1e-6, training.options().weight_decay = 1e5;
  EXPECT_LT(training.step(x, target), 0.1f);
  EXPECT_NEAR(training.parameter("norm.weight")[0], 0.9f * weight, 1e-3f * std::abs(weight));
  for (std::size_t i = 0; i < mean.size(); ++i) {
    EXPECT_NEAR(training.parameter("norm.running_mean")[i], mean[i], 1e-2f * std::abs(mean[i]));
    EXPECT_NEAR(training.parameter("norm.running_var")[i], variance[i], 3e-2f * variance[i]);
  }
  // A larger batch than the limit changes nothing.
  const std::vector<float> weights = numbers_of(training.weights(true));
  const std::vector<float> many(130), targets(65);
  EXPECT_TRUE(std::isnan(training.step(many, targets)));
  EXPECT_TRUE(same_bits(weights, numbers_of(training.weights(true))));
  EXPECT_TRUE(std::isnan(training.gradients(many, targets)));
  training.update();  // of nothing
  EXPECT_EQ(training.steps(), 301u);
  EXPECT_TRUE(same_bits(weights, numbers_of(training.weights(true))));
  outputs.resize(65);
  EXPECT_EQ(training.predict(many, outputs), status::batch_too_large);
}

TEST(Trainer, NormalisesByTheWholeBatchOnSeveralThreads) {
  inlay::random_numbers random(1);
  std::vector<float> x(64 * 2), target(64);
  for (float& each : x) each = random.uniform();
  for (float& each : target) each = random.uniform();
  inlay::thread_pool pool(3);
  inlay::trainer<normalised, loss::bce> alone({.rate = 0.01}, 3), divided({.rate = 0.01}, 3);
  divided.parallel(pool);
  for (int i = 0; i < 10; ++i) EXPECT_NEAR(alone.step(x, target), divided.step(x, target), 1e-5f);
  const std::vector<float> a = numbers_of(alone.weights()), b = numbers_of(divided.weights());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-4f);
}

TEST(Trainer, SurvivesExceptionsOfOtherThreads) {
  // Does all parts and then throws, from call `at` on.
  struct workers {
    int at = 0, calls = 0;
    inlay_parallel_for all = {[](void* context, void (*work)(void*, std::size_t, std::size_t), void* argument) {
                                for (std::size_t part = 0; part < 2; ++part) work(argument, part, 2);
                                workers& self = *static_cast<workers*>(context);
                                if (++self.calls >= self.at) throw std::runtime_error("no more threads");
                              },
                              this};
  } threads;
  const wide_samples samples(40);
  inlay::trainer<wide, loss::cross_entropy> training({.rate = 0.01}, 5);
  std::vector<float> before(200), after(200), expected(200);
  ASSERT_EQ(training.predict(samples.x, before), status::ok);
  training.parallel(threads.all);
  // Without gradients there is nothing to update with.
  EXPECT_THROW(training.gradients(samples.x, samples.labels), std::runtime_error);
  const std::vector<float> parameters = numbers_of(training.weights());
  training.update();
  EXPECT_TRUE(same_bits(parameters, numbers_of(training.weights())));
  EXPECT_EQ(training.steps(), 0u);
  // An update that has changed the parameters and then throws: predictions are those of the new ones.
  threads.at = 1000000;
  training.gradients(samples.x, samples.labels);
  threads.at = 0;
  EXPECT_THROW(training.update(), std::runtime_error);
  threads.at = 1000000;
  ASSERT_EQ(training.predict(samples.x, after), status::ok);
  training.parameter("a.bias");  // packs again
  ASSERT_EQ(training.predict(samples.x, expected), status::ok);
  EXPECT_FALSE(same_bits(before, after));
  EXPECT_TRUE(same_bits(expected, after));
}

TEST(Trainer, BeginsAsAsked) {
  inlay::trainer<classifier, loss::cross_entropy> training;
  const auto largest = [&](const char* name) {
    float most = 0;
    for (float each : training.parameter(name)) most = std::max(most, std::abs(each));
    return most;
  };
  training.reset(1, initial::linear);
  EXPECT_NEAR(largest("hidden.weight"), 1 / std::sqrt(20.0f), 0.01f);
  EXPECT_GT(largest("hidden.bias"), 0.1f);
  training.reset(1, initial::kaiming_uniform);
  EXPECT_NEAR(largest("hidden.weight"), std::sqrt(6 / 20.0f), 0.02f);
  EXPECT_EQ(largest("hidden.bias"), 0);
  training.reset(1, initial::xavier_uniform);
  EXPECT_NEAR(largest("hidden.weight"), std::sqrt(6 / 60.0f), 0.01f);
  EXPECT_TRUE(training.parameter("hidden.wait").empty());
  // SplitMix64 of 0, as its authors publish it.
  EXPECT_EQ(inlay::random_numbers(0).bits(), 0xe220a8397b1dcdafu);
}

}  // namespace
