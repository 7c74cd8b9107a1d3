// SPDX-License-Identifier: Apache-2.0
// Tests both engines of the interpreter on the fuzzer's networks, against the bounds of its error analysis.
#include <gtest/gtest.h>

#include "bounds.hpp"
#include "draw.hpp"
#include "engine_comparison.hpp"
#include "values.hpp"

namespace inlay::testing {
namespace {

constexpr std::size_t kBatches[] = {0, 1, 2, 7, 33};
constexpr std::uint64_t kNetworks = 400;
constexpr double kBaselineUlp = 32;

class RandomGraphs : public ::testing::TestWithParam<bool> {};

/// If the parameter is true, inputs include f32 corner cases.
TEST_P(RandomGraphs, EnginesStayWithinTheBounds) {
  std::size_t known = 0, results = 0, nans = 0, infinities = 0;
  for (std::uint64_t index = 0; index < kNetworks; ++index) {
    fuzz::random_source random(3, index);
    const fuzz::network net = fuzz::draw_network(random, {.most_nodes = 8, .most_weights = 4096});
    const graph_builder b = fuzz::build(net);
    const graph_view g = b.view();
    const fuzz::data_plan plan{.seed = index, .edges = GetParam()};
    const weights w = fuzz::make_weights(g, plan);
    const interpreter_result made = interpreter::create(g, w);
    ASSERT_TRUE(made) << made.errors.front();
    for (std::size_t batch : kBatches) {
      tensors inputs;
      for (const node_record& node : g.nodes)
        if (node.kind == op::input) inputs.push_back(fuzz::make_input(g, node, batch, plan));
      for (engine how : kEngines) {
        // The f32 engine uses Eigen's activations, with errors of about ten ulp.
        const double ulp = how == engine::baseline ? kBaselineUlp : 0;
        const fuzz::expectation expected = fuzz::evaluate_with_bounds(g, w, inputs, batch, {.activation_ulp = ulp});
        const tensors found = run(*made.value, inputs, batch, how);
        for (std::size_t o = 0; o < found.size(); ++o)
          for (std::size_t i = 0; i < found[o].size(); ++i) {
            // The double engine does not overflow where f32 does.
            const bool skipped = how == engine::reference && expected.overflows[i / (found[o].size() / batch)];
            const fuzz::bounded& bound = expected.outputs[o][i];
            ASSERT_TRUE(skipped || fuzz::allows(bound, found[o][i]))
                << name_of(how) << ", network " << index << ", batch " << batch << ", output " << o << ", element " << i
                << " is " << found[o][i] << ", expected " << bound.value << " +- " << bound.error << "\n"
                << fuzz::dsl_source(net);
            ++results, known += bound.is_known();
            nans += std::isnan(found[o][i]), infinities += std::isinf(found[o][i]);
          }
      }
    }
  }
  // The comparison is worth something only if most results have a bound, and if corner cases reach the outputs.
  EXPECT_GT(known, results * 4 / 5);
  EXPECT_LT(nans + infinities, results / 4);
  if (GetParam()) {
    EXPECT_GT(nans, 1000u);
    EXPECT_GT(infinities, 1000u);
  }
}

INSTANTIATE_TEST_SUITE_P(Inputs, RandomGraphs, ::testing::Bool(),
                         [](const auto& each) { return each.param ? "WithEdges" : "Ordinary"; });

TEST(RandomGraphsThemselves, HaveEveryOperation) {
  fuzz::coverage seen;
  for (std::uint64_t index = 0; index < kNetworks; ++index) {
    fuzz::random_source random(3, index);
    seen.add(fuzz::draw_network(random, {.most_nodes = 8, .most_weights = 4096}));
  }
  EXPECT_EQ(seen.kinds.size(), op_count) << seen.missing();
  EXPECT_EQ(seen.codes.size(), scalar_op_count) << seen.missing();
  EXPECT_GT(seen.functions.size(), activation_count) << seen.missing();
}

}  // namespace
}  // namespace inlay::testing
