// SPDX-License-Identifier: Apache-2.0
// Tests weights that a program packs at run time: the same bits as embedded ones, every way to give them, what is
// refused, and what happens when they are exchanged.
#include "inlay/packed.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "drawn_weights.hpp"
#include "inlay/interpreter.hpp"
#include "inlay/thread_pool.hpp"
#include "model.hpp"

namespace {

using inlay::status;

std::vector<float> inputs(std::size_t batch) {
  std::mt19937 random(5);
  std::vector<float> x(batch * 19);
  for (float& each : x) each = std::uniform_real_distribution<float>(-2, 2)(random);
  return x;
}

/// The outputs of a batch.
template <class Net>
std::vector<float> run(Net& net, std::size_t batch) {
  const std::vector<float> x = inputs(batch);
  std::vector<float> y(batch * 11);
  EXPECT_EQ(net(x, y), status::ok);
  return y;
}

TEST(Packed, HasTheBitsOfEmbeddedWeights) {
  const auto from_file = inlay::pack<classifier>(WEIGHTS_FILE);
  ASSERT_TRUE(from_file) << from_file.errors.front();
  const inlay::weights w = drawn_weights(1);
  const auto from_bytes = inlay::pack<classifier>(std::span<const std::byte>(inlay::write_safetensors(w)));
  const auto from_memory = inlay::pack<classifier>(w);
  for (const auto& block : {from_file.value, from_bytes.value, from_memory.value}) {
    ASSERT_NE(block, nullptr);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block->data()) % 64, 0u);
    inlay::loaded<classifier> net(block);
    inlay::compiled<classifier, "embedded"> embedded;
    for (const std::size_t batch : {1u, 2u, 15u, 64u, 101u}) EXPECT_EQ(run(net, batch), run(embedded, batch));
  }
}

TEST(Packed, ComputesWhatTheInterpreterDoes) {
  const inlay::weights w = drawn_weights(3);
  const auto block = inlay::pack<classifier>(w).value;
  inlay::loaded<classifier> net(block);
  const auto interpreted = inlay::interpreter::create(inlay::graph_of<classifier>, w);
  ASSERT_TRUE(interpreted);
  const std::vector<float> x = inputs(33), y = run(net, 33);
  std::vector<float> expected(y.size());
  const void* from[] = {x.data()};
  float* to[] = {expected.data()};
  interpreted.value->run(from, to, 33, inlay::engine::reference);
  for (std::size_t i = 0; i < y.size(); ++i) EXPECT_NEAR(y[i], expected[i], 1e-6f) << i;
}

TEST(Packed, RunsOnSeveralThreads) {
  inlay::thread_pool pool(2);
  inlay::loaded<classifier> net(inlay::pack<classifier>(drawn_weights(1)).value);
  const std::vector<float> x = inputs(50);
  std::vector<float> y(50 * 11);
  ASSERT_EQ(net(x, y, pool), status::ok);
  EXPECT_EQ(y, run(net, 50));
}

TEST(Packed, RefusesSpansOfOtherSizesAndANullBlock) {
  inlay::loaded<classifier> net(inlay::pack<classifier>(drawn_weights(1)).value), without(nullptr);
  std::vector<float> x(19), y(11), too_small(10);
  EXPECT_EQ(net(x, too_small), status::size_mismatch);
  EXPECT_EQ(without(x, y), status::null_pointer);
}

/// Changes drawn weights and returns what is wrong with them.
template <class Change>
std::vector<std::string> errors_after(Change change) {
  inlay::weights w = drawn_weights(1);
  change(*std::ranges::find(w.tensors, "fc1.weight", &inlay::weight_tensor::name), w);
  const auto result = inlay::pack<classifier>(std::span<const std::byte>(inlay::write_safetensors(w)));
  EXPECT_EQ(result.value, nullptr);
  return result.errors;
}

using lines = std::vector<std::string>;

TEST(Packed, NamesWhatDoesNotFit) {
  EXPECT_EQ(errors_after([](inlay::weight_tensor& t, auto&) { t.name = "fc1.weights"; }),
            lines{"missing parameter 'fc1.weight': expected f32[37,19]; nearest is 'fc1.weights' f32[37,19]"});
  EXPECT_EQ(errors_after([](inlay::weight_tensor& t, auto&) { t.shape = {19, 37}; }),
            lines{"misshaped parameter 'fc1.weight': expected f32[37,19], found f32[19,37], which is its transpose; to "
                  "use it as that, give the tie fc1.weight=fc1.weight^T"});
  EXPECT_EQ(errors_after([](inlay::weight_tensor& t, auto& w) {
              t.shape = {36, 19}, t.values.resize(36 * 19);
              w.tensors.erase(w.tensors.begin());
            }),
            (lines{"misshaped parameter 'fc1.weight': expected f32[37,19], found f32[36,19]",
                   "missing parameter 'fc1.bias': expected f32[37]"}));
}

TEST(Packed, NamesNumbersThatAreNotFinite) {
  const std::string rest =
      "; weights that are an argument must be finite, because kernels may leave out the products of inputs that are "
      "zero";
  EXPECT_EQ(errors_after([](inlay::weight_tensor& t, auto&) { t.values[40] = std::numeric_limits<float>::infinity(); }),
            lines{"parameter 'fc1.weight': element 40 is infinite" + rest});
  EXPECT_EQ(errors_after([](inlay::weight_tensor& t, auto&) { t.values[7] = std::numeric_limits<float>::quiet_NaN(); }),
            lines{"parameter 'fc1.weight': element 7 is NaN" + rest});
}

TEST(Packed, NamesATensorOfAnotherType) {
  // The bias as integers.
  const std::string header = R"({"fc1.bias":{"dtype":"I32","shape":[37],"data_offsets":[0,148]}})";
  std::vector<std::byte> file(8 + header.size() + 148);
  file[0] = static_cast<std::byte>(header.size());
  std::ranges::transform(header, file.begin() + 8, [](char c) { return static_cast<std::byte>(c); });
  const auto result = inlay::pack<classifier>(std::span<const std::byte>(file));
  ASSERT_EQ(result.errors.size(), 6u);
  EXPECT_TRUE(std::ranges::count(
      result.errors, "parameter 'fc1.bias': its tensor is I32; expected F32, F16, BF16 or F64, so convert it first"))
      << result.errors.front();
}

TEST(Packed, NamesWhatIsWrongWithAFile) {
  const auto absent = inlay::pack<classifier>("absent.safetensors");
  ASSERT_EQ(absent.errors.size(), 1u);
  EXPECT_TRUE(absent.errors[0].starts_with("'absent.safetensors': ")) << absent.errors[0];
  const std::byte four[4]{};
  EXPECT_EQ(inlay::pack<classifier>(std::span<const std::byte>(four)).errors.size(), 1u);
}

TEST(Reloadable, CallsAfterAnExchangeReadTheNewWeights) {
  const auto a = inlay::pack<classifier>(drawn_weights(1)).value, b = inlay::pack<classifier>(drawn_weights(2)).value;
  inlay::loaded<classifier> only_a(a), only_b(b);
  const std::vector<float> of_a = run(only_a, 3), of_b = run(only_b, 3);
  ASSERT_NE(of_a, of_b);
  inlay::reloadable<classifier> weights(a);
  inlay::loaded<classifier> first(weights), second(weights);
  EXPECT_EQ(run(first, 3), of_a);
  EXPECT_EQ(weights.exchange(b), a);
  EXPECT_EQ(weights.current(), b);
  EXPECT_EQ(run(first, 3), of_b);
  EXPECT_EQ(run(second, 3), of_b);
  weights.exchange(nullptr);
  std::vector<float> x(19), y(11);
  EXPECT_EQ(first(x, y), status::null_pointer);
}

TEST(Reloadable, KeepsABlockUntilNoCallReadsIt) {
  inlay::reloadable<classifier> weights(inlay::pack<classifier>(drawn_weights(1)).value);
  inlay::loaded<classifier> net(weights);
  const std::weak_ptr<const inlay::packed<classifier>> first = weights.current();
  weights.exchange(inlay::pack<classifier>(drawn_weights(2)).value);
  EXPECT_EQ(weights.reclaim(), 2u) << "the loaded network still has the first block";
  EXPECT_FALSE(first.expired());
  run(net, 1);
  EXPECT_FALSE(first.expired()) << "a call must not free memory";
  EXPECT_EQ(weights.reclaim(), 1u);
  EXPECT_TRUE(first.expired());
}

}  // namespace
