// SPDX-License-Identifier: Apache-2.0
// A fixture for tests that compare networks with the interpreter, on each CPU that this machine can run.
#pragma once

#include <gtest/gtest.h>

#include "kernel_harness.hpp"

namespace inlay::testing {

class CompiledForCpus : public ::testing::TestWithParam<std::string> {
 protected:
  std::mt19937 random_{1};

  /// Makes `y` the output of a network that is complete otherwise, and compares it for these batches.
  void matches(graph_builder& b, std::uint32_t y, std::span<const std::size_t> batches, const std::string& what,
               const comparison& how = {}) {
    b.output(y, "y");
    ASSERT_FALSE(b.finish()) << what;
    ASSERT_EQ(compare_with_interpreter(b, GetParam(), batches, random_, how), "") << what;
  }
};

}  // namespace inlay::testing
