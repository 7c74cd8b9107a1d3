// SPDX-License-Identifier: Apache-2.0
// Tests the comparison of a graph's parameters with weights.
#include <gtest/gtest.h>

#include "inlay/graph_builder.hpp"
#include "inlay/weights.hpp"

namespace inlay {
namespace {

graph_builder one_layer(const char* layer) {
  graph_builder b("net");
  const auto x = b.input("x", {1, {3}});
  const std::string name = layer;
  const auto w = b.parameter(name + ".weight", {2, {2, 3}}), c = b.parameter(name + ".bias", {1, {2}});
  b.output(b.dense(layer, x, w, c), "y");
  b.finish();
  return b;
}

TEST(CheckWeights, ListsEverythingAtOnce) {
  const graph_builder b = one_layer("fc1");
  const weights w{{{"fc1.bias", {3}, "F32", {1, 2, 3}}, {"fc1.weights", {2, 3}, "F32", std::vector<float>(6)}}};
  std::vector<std::string> problems{
      "missing parameter 'fc1.weight': expected f32[2,3]; nearest is 'fc1.weights' f32[2,3]",
      "misshaped parameter 'fc1.bias': expected f32[2], found f32[3]"};
  EXPECT_EQ(check_weights(b.view(), w), problems);
  problems.push_back("extra tensor 'fc1.weights' f32[2,3]: no layer has a parameter of this name");
  EXPECT_EQ(check_weights(b.view(), w, extras::refused), problems);
}

TEST(CheckWeights, AcceptsWhatFits) {
  const graph_builder b = one_layer("fc1");
  EXPECT_TRUE(check_weights(b.view(),
                            {{{"fc1.bias", {2}, "F32", {1, 2}}, {"fc1.weight", {2, 3}, "F16", std::vector<float>(6)}}})
                  .empty());
}

TEST(CheckWeights, SeveralGraphsShareAFile) {
  const graph_builder first = one_layer("fc1"), second = one_layer("fc2");
  const graph_view graphs[] = {first.view(), second.view()};
  weights w{{{"fc1.bias", {2}, "F32", {1, 2}},
             {"fc1.weight", {2, 3}, "F32", std::vector<float>(6)},
             {"fc2.bias", {2}, "F32", {1, 2}},
             {"fc2.weight", {2, 3}, "F32", std::vector<float>(6)}}};
  EXPECT_TRUE(check_weights(graphs, w).empty());
  w.tensors.pop_back();
  EXPECT_EQ(check_weights(graphs, w), std::vector<std::string>{"missing parameter 'fc2.weight': expected f32[2,3]"});
}

TEST(CheckWeights, AShapeIsMoreThanItsNumberOfElements) {
  const graph_builder b = one_layer("fc1");
  const auto found = [&](std::vector<std::uint64_t> dims) {
    const weights w{{{"fc1.bias", {2}, "F32", {1, 2}}, {"fc1.weight", dims, "F32", std::vector<float>(6)}}};
    const std::vector<std::string> problems = check_weights(b.view(), w);
    return problems.size() == 1 ? problems[0] : std::to_string(problems.size()) + " problems";
  };
  const std::string message = "misshaped parameter 'fc1.weight': expected f32[2,3], found ";
  EXPECT_EQ(found({3, 2}),
            message + "f32[3,2], which is its transpose; to use it as that, give the tie fc1.weight=fc1.weight^T");
  EXPECT_EQ(found({6}), message + "f32[6]");
  EXPECT_EQ(found({2, 3, 1}), message + "f32[2,3,1]");
  EXPECT_EQ(found({}), message + "f32[]");
  EXPECT_EQ(found({4294967298, 3}), message + "f32[4294967298,3]") << "the same in 32 bits";
}

TEST(CheckWeights, SaysThatTheAxesOfAKernelAreExchanged) {
  graph_builder b("net");
  const auto kernel = b.parameter("up.weight", {4, {8, 2, 3, 3}});
  b.output(kernel, "y");
  b.finish();
  const auto problem = [&](std::vector<std::uint64_t> dims) {
    const weights w{{{"up.weight", dims, "F32", std::vector<float>(144)}}};
    const std::vector<std::string> problems = check_weights(b.view(), w);
    return problems.size() == 1 ? problems[0] : std::to_string(problems.size()) + " problems";
  };
  const std::string message = "misshaped parameter 'up.weight': expected f32[8,2,3,3], found ";
  EXPECT_EQ(problem({2, 8, 3, 3}),
            message +
                "f32[2,8,3,3], with the first two axes exchanged; conv1d and conv2d read [out, in / groups, "
                "...], conv_transpose1d and conv_transpose2d [in, out / groups, ...]");
  EXPECT_EQ(problem({3, 8, 2, 3}), message + "f32[3,8,2,3]");
  EXPECT_EQ(problem({2, 8, 9}), message + "f32[2,8,9]");
}

TEST(CheckWeights, AnEmptyFileMissesEveryParameter) {
  const graph_builder b = one_layer("fc1");
  EXPECT_EQ(check_weights(b.view(), {}), (std::vector<std::string>{"missing parameter 'fc1.weight': expected f32[2,3]",
                                                                   "missing parameter 'fc1.bias': expected f32[2]"}));
}

TEST(CheckWeights, SeveralGraphsListTheProblemsOfAll) {
  const graph_builder first = one_layer("fc1"), second = one_layer("fc2");
  const graph_view graphs[] = {first.view(), second.view()};
  const weights w{{{"fc1.bias", {2}, "F32", {1, 2}},
                   {"fc2.bias", {5}, "F32", std::vector<float>(5)},
                   {"fc2.weight", {2, 3}, "F32", std::vector<float>(6)},
                   {"fc3.weight", {1}, "F32", {0}}}};
  EXPECT_EQ(
      check_weights(graphs, w, extras::refused),
      (std::vector<std::string>{"missing parameter 'fc1.weight': expected f32[2,3]; nearest is 'fc3.weight' f32[1]",
                                "misshaped parameter 'fc2.bias': expected f32[2], found f32[5]",
                                "extra tensor 'fc3.weight' f32[1]: no layer has a parameter of this name"}));
  // For one graph alone, the other graph's tensors are extra.
  EXPECT_EQ(check_weights(first.view(), w, extras::refused).size(), 4u);
}

TEST(CheckWeights, GraphsMayShareAParameterOnlyInOneShape) {
  const graph_builder first = one_layer("fc1"), again = one_layer("fc1");
  graph_builder other("other");
  other.output(other.dense("fc1", other.input("x", {1, {4}}), other.parameter("fc1.weight", {2, {2, 4}}), no_node),
               "y");
  ASSERT_FALSE(other.finish());
  const weights w{{{"fc1.bias", {2}, "F32", {1, 2}}, {"fc1.weight", {2, 3}, "F32", std::vector<float>(6)}}};
  const graph_view same[] = {first.view(), again.view()};
  EXPECT_TRUE(check_weights(same, w).empty());
  const graph_view different[] = {first.view(), other.view()};
  EXPECT_EQ(check_weights(different, w),
            std::vector<std::string>{"misshaped parameter 'fc1.weight': expected f32[2,4], found f32[2,3]"});
}

TEST(CheckWeights, NamesCarryTheirScopesAndConstantsNeedNoTensor) {
  graph_builder b("net");
  const auto x = b.input("x", {1, {3}});
  b.enter_scope("encoder");
  b.enter_scope("0");
  const auto h = b.dense("fc", x, b.parameter("fc.weight", {2, {2, 3}}), no_node);
  b.leave_scope();
  b.leave_scope();
  const float elements[] = {1, 2};
  b.output(b.dense("out", h, b.constant({2, {1, 2}}, elements), no_node), "y");
  ASSERT_FALSE(b.finish());
  EXPECT_EQ(check_weights(b.view(), {}),
            std::vector<std::string>{"missing parameter 'encoder.0.fc.weight': expected f32[2,3]"});
  EXPECT_TRUE(check_weights(b.view(), {{{"encoder.0.fc.weight", {2, 3}, "F32", std::vector<float>(6)}}}).empty());
}

TEST(CheckWeights, TheOrderOfTheTensorsDoesNotMatter) {
  const graph_builder b = one_layer("fc1");
  const weights w{
      {{"fc1.weight", {2, 3}, "F32", std::vector<float>(6)}, {"a", {1}, "F32", {0}}, {"fc1.bias", {2}, "F32", {1, 2}}}};
  EXPECT_TRUE(check_weights(b.view(), w).empty());
  for (const weight_tensor& tensor : w.tensors) EXPECT_EQ(w.find(tensor.name), &tensor);
  EXPECT_EQ(w.find("b"), nullptr);
}

TEST(CheckWeights, ComparesTheNumberOfValuesWithTheShape) {
  const graph_builder b = one_layer("fc1");
  for (std::size_t count : {0u, 1u, 5u, 7u}) {
    const weights w{{{"fc1.bias", {2}, "F32", {1, 2}}, {"fc1.weight", {2, 3}, "F32", std::vector<float>(count)}}};
    EXPECT_EQ(check_weights(b.view(), w),
              std::vector<std::string>{"parameter 'fc1.weight': its shape f32[2,3] has 6 elements, but there are " +
                                       std::to_string(count) + " values"});
  }
}

TEST(CheckWeights, ATensorGivenTwiceAndOneOfAnotherType) {
  const graph_builder b = one_layer("fc1");
  weights w{{{"fc1.bias", {2}, "F32", {1, 2}}, {"fc1.bias", {2}, "F32", {3, 4}}}};
  w.unread.push_back({"fc1.weight", {2, 3}, "I64"});
  w.unread.push_back({"step", {}, "I64"});
  std::vector<std::string> problems{
      "parameter 'fc1.weight': its tensor is I64; expected F32, F16, BF16 or F64, so convert it first",
      "tensor 'fc1.bias' appears twice"};
  EXPECT_EQ(check_weights(b.view(), w), problems);
  problems.push_back("extra tensor 'step' i64[]: no layer has a parameter of this name");
  EXPECT_EQ(check_weights(b.view(), w, extras::refused), problems);
}

TEST(CheckWeights, SuggestsTheNearestNameElseTheOnlyTensorOfTheShape) {
  const graph_builder b = one_layer("fc1");
  const auto message = [&](std::vector<weight_tensor> others) {
    others.push_back({"fc1.bias", {2}, "F32", {1, 2}});
    return check_weights(b.view(), {std::move(others)}).at(0);
  };
  const auto tensor = [](const char* name, std::vector<std::uint64_t> dims) {
    return weight_tensor{name, std::move(dims), "F32", std::vector<float>(6)};
  };
  const std::string missing = "missing parameter 'fc1.weight': expected f32[2,3]";
  EXPECT_EQ(message({}), missing);
  EXPECT_EQ(message({tensor("encoder.0.kernel", {6})}), missing);
  EXPECT_EQ(message({tensor("fc_1.weight", {2, 3}), tensor("fc1_weight", {2, 3}), tensor("fc.weight", {3, 2})}),
            missing + "; nearest is 'fc_1.weight' f32[2,3]");
  EXPECT_EQ(message({tensor("f1.weight", {6}), tensor("fc.weight", {3, 2}), tensor("c1.weight", {6})}),
            missing + "; nearest is 'fc.weight' f32[3,2], whose shape is the transpose");
  EXPECT_EQ(message({tensor("encoder.0.kernel", {2, 3}), tensor("encoder.1.kernel", {3, 2})}),
            missing + "; the only tensor that has this shape is 'encoder.0.kernel' f32[2,3]");
  EXPECT_EQ(message({tensor("encoder.0.kernel", {6}), tensor("encoder.1.kernel", {3, 2})}),
            missing +
                "; the only tensor that has the transposed shape is 'encoder.1.kernel' f32[3,2], whose shape is "
                "the transpose");
  EXPECT_EQ(message({tensor("encoder.0.kernel", {2, 3}), tensor("encoder.1.kernel", {2, 3})}), missing);
}

}  // namespace
}  // namespace inlay
