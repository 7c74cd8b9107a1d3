// SPDX-License-Identifier: Apache-2.0
// Tests some of the fuzzer's networks, from a fixed seed: every kind of node, values read once or several times,
// several inputs and outputs. They run in guarded memory, and results must be within the bounds of the error analysis.
#include <gtest/gtest.h>

#include "kernel_harness.hpp"
#include "trial.hpp"

namespace inlay::testing {
namespace {

constexpr std::uint64_t kNetworks = 150;

class RandomGraph : public ::testing::TestWithParam<std::string> {};

TEST_P(RandomGraph, StaysWithinItsBounds) {
  fuzz::trial_settings settings;
  settings.seed = 20, settings.cpus = {GetParam()};
  settings.draw.most_weights = 20000;
  fuzz::coverage seen;
  fuzz::statistics counts;
  for (std::uint64_t index = 0; index < kNetworks; ++index) {
    const fuzz::trial t = fuzz::draw_trial(settings, index);
    const fuzz::verdict v = fuzz::run_trial(t, settings);
    ASSERT_EQ(v.what, fuzz::finding::none) << "network " << index << " on " << GetParam() << ": " << v.text << "\n"
                                           << fuzz::dsl_source(t.networks[0]);
    for (const fuzz::network& net : t.networks) seen.add(net);
    counts.add(v.counts);
  }
  EXPECT_EQ(seen.kinds.size(), op_count) << seen.missing();
  EXPECT_EQ(seen.codes.size(), scalar_op_count) << seen.missing();
  // The comparison is worth something only if most results have a bound and most bounds are narrow.
  EXPECT_GT(counts.known, counts.elements * 2 / 3);
  EXPECT_GT(counts.tight, counts.elements * 3 / 5);
}

INSTANTIATE_TEST_SUITE_P(Cpus, RandomGraph, ::testing::ValuesIn(runnable_cpus()), name_of_cpu);

}  // namespace
}  // namespace inlay::testing
