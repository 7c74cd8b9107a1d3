// SPDX-License-Identifier: Apache-2.0
// Tests the interpreter's interface: errors of create(), the observer, inputs, outputs and batches.
#include <map>

#include "engine_comparison.hpp"

namespace inlay::testing {
namespace {

/// Two inputs, every kind of node, three outputs.
graph_builder every_kind() {
  graph_builder b("every_kind");
  const float elements[] = {1, -2, 3};
  const auto x = b.input("x", {1, {2}});
  const auto y = b.input("y", {2, {1, 3}});
  const auto weight = b.parameter("fc.weight", {2, {3, 2}});
  const auto h = b.dense("fc", x, weight, no_node);
  const auto flat = b.reshape(y, {1, {3}});
  const std::uint32_t operands[] = {h, flat, b.constant({1, {3}}, elements)};
  const instruction program[] = {{.code = scalar_op::operand, .a = 0},
                                 {.code = scalar_op::operand, .a = 1},
                                 {.code = scalar_op::operand, .a = 2},
                                 {.code = scalar_op::multiply, .a = 1, .b = 2},
                                 {.code = scalar_op::add, .a = 0, .b = 3}};
  const auto m = b.map(operands, program, {1, {3}});
  const auto s = b.softmax(m);
  const std::uint32_t pieces[] = {m, x};
  const auto joined = b.concat(pieces, 0);
  const auto head_weight = b.parameter("head.weight", {2, {1, 5}}), head_bias = b.parameter("head.bias", {1, {1}});
  const auto head = b.dense("head", joined, head_weight, head_bias);
  b.output(head, "head");
  b.output(s, "share");
  b.output(joined, "joined");
  EXPECT_FALSE(b.finish()) << advice(b.first_violation().code);
  return b;
}

weights weights_of_every_kind() {
  return {{{"fc.weight", {3, 2}, "F32", {1, 0, 0, 1, 1, 1}},
           {"head.bias", {1}, "F32", {100}},
           {"head.weight", {1, 5}, "F32", {1, 2, 3, 4, 5}}}};
}

TEST(InterpreterCreate, ListsEveryProblemOfTheWeights) {
  const graph_builder b = every_kind();
  const interpreter_result made = interpreter::create(
      b.view(), {{{"fc.weight", {2, 3}, "F32", std::vector<float>(6)}, {"head.wait", {1, 5}, "F32", {1, 2, 3, 4, 5}}}});
  EXPECT_FALSE(made);
  EXPECT_EQ(made.value, nullptr);
  EXPECT_EQ(
      made.errors,
      (std::vector<std::string>{
          "misshaped parameter 'fc.weight': expected f32[3,2], found f32[2,3], which is its transpose; to use it "
          "as that, give the tie fc.weight=fc.weight^T",
          "missing parameter 'head.weight': expected f32[1,5]; the only tensor that has this shape is 'head.wait' "
          "f32[1,5]",
          "missing parameter 'head.bias': expected f32[1]"}));
}

TEST(InterpreterCreate, TakesTensorsInAnyOrderAndLeavesOutOthers) {
  const graph_builder b = every_kind();
  weights w = weights_of_every_kind();
  w.tensors.push_back({"another", {1}, "F32", {0}});
  std::reverse(w.tensors.begin(), w.tensors.end());
  const interpreter_result made = interpreter::create(b.view(), w);
  ASSERT_TRUE(made) << made.errors.front();
  for (engine how : kEngines) EXPECT_EQ(run(*made.value, {{1, 2}, {0, 0, 0}}, 1, how)[0], std::vector<float>{128});
}

TEST(InterpreterCreate, ComparesTheNumberOfValuesWithTheShape) {
  const graph_builder b = every_kind();
  weights w = weights_of_every_kind();
  w.tensors[0].values.pop_back();
  EXPECT_EQ(
      interpreter::create(b.view(), w).errors,
      std::vector<std::string>{"parameter 'fc.weight': its shape f32[3,2] has 6 elements, but there are 5 values"});
}

TEST(InterpreterCreate, CopiesTheWeights) {
  const graph_builder b = every_kind();
  interpreter_result made;
  {
    weights w = weights_of_every_kind();
    made = interpreter::create(b.view(), w);
    for (weight_tensor& tensor : w.tensors) std::ranges::fill(tensor.values, kNan);
  }
  ASSERT_TRUE(made);
  EXPECT_TRUE(made.errors.empty());
  EXPECT_EQ(made.value->graph().name, "every_kind");
  for (engine how : kEngines) EXPECT_EQ(run(*made.value, {{1, 2}, {0, 0, 0}}, 1, how)[0], std::vector<float>{128});
}

class Api : public ::testing::TestWithParam<engine> {};

TEST_P(Api, SeveralInputsAndOutputsInTheirOrder) {
  const graph_builder b = every_kind();
  const interpreter_result made = interpreter::create(b.view(), weights_of_every_kind());
  ASSERT_TRUE(made);
  // x = {1, 2}, y = {1, 1, 1}: h = {1, 2, 3}, m = {2, 0, 6}; x = {0, 0}, y = {2, 1, 0}: m = {2, -2, 0}.
  const tensors results = run(*made.value, {{1, 2, 0, 0}, {1, 1, 1, 2, 1, 0}}, 2, GetParam());
  EXPECT_EQ(results[0], (std::vector<float>{100 + 2 + 18 + 4 + 10, 100 + 2 - 4}));
  EXPECT_EQ(results[2], (std::vector<float>{2, 0, 6, 1, 2, 2, -2, 0, 0, 0}));
  EXPECT_EQ(difference(results[1], {0.01794253f, 0.00242826f, 0.97962921f, 0.86681333f, 0.01587624f, 0.11731043f}), "");
}

TEST_P(Api, AnOutputMayBeAnInputAWeightOrGivenTwice) {
  graph_builder b("outputs");
  const float elements[] = {7, 8};
  const auto x = b.input("x", {1, {2}});
  const auto w = b.parameter("w", {1, {3}});
  const auto square = b.reshape(x, {2, {2, 1}});
  b.output(x, "x");
  b.output(w, "w");
  b.output(square, "square");
  b.output(b.constant({1, {2}}, elements), "k");
  b.output(square, "again");
  ASSERT_FALSE(b.finish());
  const interpreter_result made = interpreter::create(b.view(), {{{"w", {3}, "F32", {4, 5, 6}}}});
  ASSERT_TRUE(made);
  const std::vector<float> twice = {1, 2, 3, 4};
  EXPECT_EQ(run(*made.value, {twice}, 2, GetParam()), (tensors{twice, {4, 5, 6, 4, 5, 6}, twice, {7, 8, 7, 8}, twice}));
}

TEST_P(Api, ABatchIsItsSamplesOneByOneWhateverRanBefore) {
  const graph_builder b = every_kind();
  const weights w = weights_of_every_kind();
  const interpreter_result made = interpreter::create(b.view(), w);
  std::mt19937 random(3);
  std::uniform_real_distribution<float> uniform(-2, 2);
  for (std::size_t batch : {2u, 33u, 1u, 7u, 0u, 34u, 2u}) {  // batches grow and shrink
    tensors inputs = {std::vector<float>(2 * batch), std::vector<float>(3 * batch)};
    for (std::vector<float>& input : inputs)
      for (float& f : input) f = uniform(random);
    tensors expected(3);
    for (std::size_t sample = 0; sample < batch; ++sample) {
      const auto slice = [&](std::size_t input, std::size_t size) {
        const auto first = inputs[input].begin() + static_cast<std::ptrdiff_t>(sample * size);
        return std::vector<float>(first, first + static_cast<std::ptrdiff_t>(size));
      };
      const interpreter_result fresh = interpreter::create(b.view(), w);
      const tensors one = run(*fresh.value, {slice(0, 2), slice(1, 3)}, 1, GetParam());
      for (std::size_t i = 0; i < 3; ++i) expected[i].insert(expected[i].end(), one[i].begin(), one[i].end());
    }
    const tensors found = run(*made.value, inputs, batch, GetParam());
    for (std::size_t i = 0; i < 3; ++i)
      EXPECT_EQ(difference(found[i], expected[i]), "") << "batch " << batch << ", output " << i;
  }
}

TEST_P(Api, AnEmptyBatchReadsAndWritesNothing) {
  const graph_builder b = every_kind();
  const interpreter_result made = interpreter::create(b.view(), weights_of_every_kind());
  const float* const inputs[] = {nullptr, nullptr};
  float* const outputs[] = {nullptr, nullptr, nullptr};
  int seen = 0;
  made.value->observe([&](std::uint32_t, std::span<const double>) { ++seen; });
  made.value->run(inputs, outputs, 0, GetParam());
  EXPECT_EQ(seen, 0);
}

INSTANTIATE_TEST_SUITE_P(Engines, Api, ::testing::ValuesIn(kEngines),
                         [](const auto& each) { return name_of(each.param); });

TEST(InterpreterObserver, SeesEveryNodeOfEverySample) {
  const graph_builder b = every_kind();
  const interpreter_result made = interpreter::create(b.view(), weights_of_every_kind());
  std::vector<std::uint32_t> order;
  std::map<std::uint32_t, std::vector<double>> first, last;
  made.value->observe([&](std::uint32_t node, std::span<const double> elements) {
    order.push_back(node);
    last[node].assign(elements.begin(), elements.end());
    first.emplace(node, last[node]);
    EXPECT_EQ(elements.size(), made.value->graph().nodes[node].dims.elements());
  });
  const tensors inputs = {{1, 2, 0, 0, 0, 0}, {1, 1, 1, 2, 1, 0, 0, 0, 0}};
  run(*made.value, inputs, 3, engine::reference);

  const auto nodes = static_cast<std::uint32_t>(b.view().nodes.size());
  ASSERT_EQ(nodes, 12u);
  ASSERT_EQ(order.size(), 3u * nodes);
  for (std::uint32_t i = 0; i < order.size(); ++i) EXPECT_EQ(order[i], i % nodes);

  std::map<op, std::vector<double>> by_kind;
  for (std::uint32_t i = 0; i < nodes; ++i) by_kind.emplace(b.view().nodes[i].kind, first[i]);
  EXPECT_EQ(by_kind[op::input], (std::vector<double>{1, 2}));
  EXPECT_EQ(by_kind[op::parameter], (std::vector<double>{1, 0, 0, 1, 1, 1}));
  EXPECT_EQ(by_kind[op::constant], (std::vector<double>{1, -2, 3}));
  EXPECT_EQ(by_kind[op::dense], (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(by_kind[op::reshape], (std::vector<double>{1, 1, 1}));
  EXPECT_EQ(by_kind[op::map], (std::vector<double>{2, 0, 6}));
  EXPECT_EQ(by_kind[op::concat], (std::vector<double>{2, 0, 6, 1, 2}));
  ASSERT_EQ(by_kind[op::softmax].size(), 3u);
  EXPECT_NEAR(by_kind[op::softmax][2], 0.979629207167, 1e-11);
  EXPECT_EQ(last[nodes - 1], std::vector<double>{100}) << "the third sample is all zeros";
}

TEST(InterpreterObserver, SeesDoublesThatF32CannotHold) {
  graph_builder b("double");
  const std::uint32_t operands[] = {b.input("x", {1, {1}})};
  const instruction program[] = {{.code = scalar_op::operand}, {.code = scalar_op::multiply, .a = 0, .b = 0}};
  b.output(b.map(operands, program, {1, {1}}), "y");
  ASSERT_FALSE(b.finish());
  const interpreter_result made = interpreter::create(b.view(), {});
  double seen = 0;
  made.value->observe([&](std::uint32_t, std::span<const double> elements) { seen = elements[0]; });
  EXPECT_EQ(run(*made.value, {{0x1p-100f}}, 1, engine::reference)[0][0], 0.0f);
  EXPECT_EQ(seen, 0x1p-200);
}

TEST(InterpreterObserver, IsOfTheReferenceEngineOnlyAndMayBeRemoved) {
  const graph_builder b = every_kind();
  const interpreter_result made = interpreter::create(b.view(), weights_of_every_kind());
  int seen = 0;
  made.value->observe([&](std::uint32_t, std::span<const double>) { ++seen; });
  const tensors inputs = {{1, 2}, {1, 1, 1}};
  run(*made.value, inputs, 1, engine::baseline);
  EXPECT_EQ(seen, 0);
  made.value->observe(nullptr);
  run(*made.value, inputs, 1, engine::reference);
  EXPECT_EQ(seen, 0);
}

}  // namespace
}  // namespace inlay::testing
