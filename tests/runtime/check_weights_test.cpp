// SPDX-License-Identifier: Apache-2.0
// The comparison of a graph's parameters with a weights file.
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
  EXPECT_EQ(check_weights(b.view(), w),
            (std::vector<std::string>{"missing parameter 'fc1.weight': expected f32[2,3]",
                                      "misshaped parameter 'fc1.bias': expected f32[2], found f32[3]",
                                      "extra tensor 'fc1.weights' f32[2,3]: no layer has a parameter of this name"}));
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

}  // namespace
}  // namespace inlay
