// SPDX-License-Identifier: Apache-2.0
// Tests networks that are divided among threads against the interpreter.
#include <gtest/gtest.h>

#include "inlay/thread_pool.hpp"
#include "kernel_harness.hpp"

namespace inlay::testing {
namespace {

/// Large layers, one of which overwrites its residual, small layers, and all other ops; the widths leave remainders.
void build(graph_builder& b) {
  const auto x = b.input("x", {1, {300}});
  const std::uint32_t first[] = {dense(b, "fc1", x, 300, 707)};
  // The factor keeps sums small, so that softmax is not steep.
  const instruction gelu[] = {{.code = scalar_op::operand, .a = 0},
                              {.code = scalar_op::literal, .p0 = 0.01f},
                              {.code = scalar_op::multiply, .a = 0, .b = 1},
                              apply(activation::gelu, 2)};
  const auto h = b.map(first, gelu, {1, {707}});
  const std::uint32_t second[] = {dense(b, "fc2", h, 707, 707), h};
  const instruction residual[] = {
      {.code = scalar_op::operand, .a = 0},     {.code = scalar_op::operand, .a = 1},
      {.code = scalar_op::literal, .p0 = 0.1f}, {.code = scalar_op::multiply, .a = 0, .b = 2},
      {.code = scalar_op::add, .a = 3, .b = 1}, apply(activation::relu, 4)};
  const auto r = b.map(second, residual, {1, {707}});
  const auto narrow = dense(b, "fc3", r, 707, 10);
  const std::uint32_t pieces[] = {b.softmax(narrow), dense(b, "fc4", r, 707, 33), x};
  b.output(b.softmax(b.concat(pieces, 0)), "y");
  b.output(b.softmax(r), "z");
  b.finish();
}

/// Runs *context parts on the calling thread, the last one first.
void run_backwards(void* context, void (*work)(void*, std::size_t, std::size_t), void* argument) {
  const std::size_t parts = *static_cast<const std::size_t*>(context);
  for (std::size_t part = parts; part-- > 0;) work(argument, part, parts);
}

constexpr std::size_t kBatches[] = {0, 1, 2, 14, 29, 57, 113};

class Parallel : public ::testing::TestWithParam<std::string> {};

TEST_P(Parallel, AnyNumberOfPartsInAnyOrder) {
  std::mt19937 random(1);
  graph_builder b("divided");
  build(b);
  for (std::size_t parts : {1u, 3u, 40u}) {
    const inlay_parallel_for workers = {run_backwards, &parts};
    ASSERT_EQ(compare_with_interpreter(b, GetParam(), kBatches, random, {.tolerance = 1e-4, .workers = &workers}), "")
        << parts << " parts";
  }
}

TEST_P(Parallel, ThreadPool) {
  std::mt19937 random(2);
  graph_builder b("divided");
  build(b);
  thread_pool pool(3);
  const inlay_parallel_for& workers = pool;
  EXPECT_EQ(compare_with_interpreter(b, GetParam(), kBatches, random, {.tolerance = 1e-4, .workers = &workers}), "");
}

TEST_P(Parallel, ASmallNetworkNeedsNoThreads) {
  std::mt19937 random(3);
  graph_builder b("small");
  const auto x = b.input("x", {1, {20}});
  b.output(dense(b, "fc", x, 20, 30), "y");
  b.finish();
  const inlay_parallel_for never = {[](void*, void (*)(void*, std::size_t, std::size_t), void*) { FAIL(); }, nullptr};
  constexpr std::size_t batches[] = {1, 14};
  EXPECT_EQ(compare_with_interpreter(b, GetParam(), batches, random, {.workers = &never}), "");
}

INSTANTIATE_TEST_SUITE_P(Cpus, Parallel, ::testing::ValuesIn(runnable_cpus()), name_of_cpu);

}  // namespace
}  // namespace inlay::testing
