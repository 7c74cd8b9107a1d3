// SPDX-License-Identifier: Apache-2.0
// Tests kernels that are called in another rounding mode than to nearest: the results are the same, and the caller's
// mode is preserved.
#include <gtest/gtest.h>

#include <cfenv>
#include <cstring>
#include <thread>

#include "kernel_harness.hpp"

namespace inlay::testing {
namespace {

class RoundingMode : public ::testing::TestWithParam<std::string> {
 protected:
  void TearDown() override { std::fesetround(FE_TONEAREST); }
};

constexpr int kModes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};

/// Two layers with sine between them and softmax at the end, large enough to be divided among threads.
graph_builder classifier() {
  graph_builder b("classifier");
  const std::uint32_t first[] = {dense(b, "fc1", b.input("x", {1, {40}}), 40, 700)};
  const instruction squash[] = {{.code = scalar_op::operand, .a = 0}, apply(activation::sin, 0)};
  b.output(b.softmax(dense(b, "fc2", b.map(first, squash, {1, {700}}), 700, 37)), "y");
  b.finish();
  return b;
}

struct run_result {
  std::vector<float> y;
  int mode_after;
};

run_result run_in(int mode, const tools::jit_kernel& kernel, std::size_t batch, const inlay_parallel_for* workers) {
  std::vector<float> x(batch * 40);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 13) * 0.37f - 2;
  run_result result{std::vector<float>(batch * 37), 0};
  std::vector<std::byte> scratch(kernel.scratch_bytes());
  const float* inputs[] = {x.data()};
  float* outputs[] = {result.y.data()};
  std::fesetround(mode);
  const int status = kernel.run(inputs, outputs, batch, scratch.data(), workers);
  result.mode_after = std::fegetround();
  std::fesetround(FE_TONEAREST);
  EXPECT_EQ(status, 0);
  return result;
}

/// Runs *context parts, each on its own thread with the rounding mode of the calling thread.
void run_on_threads(void* context, void (*work)(void*, std::size_t, std::size_t), void* argument) {
  std::vector<std::thread> threads;
  const std::size_t parts = *static_cast<const std::size_t*>(context);
  const int mode = std::fegetround();
  for (std::size_t part = 0; part < parts; ++part)
    threads.emplace_back([=] {
      std::fesetround(part == 0 ? FE_UPWARD : FE_DOWNWARD);
      const int before = std::fegetround();
      work(argument, part, parts);
      EXPECT_EQ(std::fegetround(), before);
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::fegetround(), mode);
}

TEST_P(RoundingMode, DoesNotChangeResultsAndIsLeftAlone) {
  std::mt19937 random(12);
  const graph_builder b = classifier();
  const auto kernel = compile(b, random_weights(b.view(), random), {.cpu = GetParam(), .parallel = true});
  std::size_t parts = 3;
  const inlay_parallel_for threads = {run_on_threads, &parts};
  for (const std::size_t batch : {1u, 60u}) {
    const run_result expected = run_in(FE_TONEAREST, *kernel, batch, nullptr);
    const run_result divided = run_in(FE_TONEAREST, *kernel, batch, &threads);
    for (const int mode : kModes) {
      const run_result found = run_in(mode, *kernel, batch, nullptr);
      EXPECT_EQ(found.mode_after, mode);
      EXPECT_EQ(std::memcmp(found.y.data(), expected.y.data(), found.y.size() * sizeof(float)), 0) << "mode " << mode;
      const run_result parallel = run_in(mode, *kernel, batch, &threads);
      EXPECT_EQ(parallel.mode_after, mode);
      EXPECT_EQ(std::memcmp(parallel.y.data(), divided.y.data(), parallel.y.size() * sizeof(float)), 0)
          << "on threads, mode " << mode;
    }
  }
}

TEST_P(RoundingMode, FlagsStayRaised) {
  graph_builder b("logarithm");
  const std::uint32_t x[] = {b.input("x", {1, {1}})};
  const instruction program[] = {{.code = scalar_op::operand, .a = 0}, apply(activation::log, 0)};
  b.output(b.map(x, program, {1, {1}}), "y");
  b.finish();
  const auto kernel = compile(b, {}, {.cpu = GetParam()});
  float y;
  const float zero = 0, one = 1;
  float* outputs[] = {&y};
  const float *at_zero[] = {&zero}, *at_one[] = {&one};
  std::vector<std::byte> scratch(kernel->scratch_bytes());
  std::fesetround(FE_UPWARD);
  std::feclearexcept(FE_ALL_EXCEPT);
  std::feraiseexcept(FE_OVERFLOW);
  kernel->run(at_zero, outputs, 1, scratch.data());
  EXPECT_EQ(std::fetestexcept(FE_OVERFLOW), FE_OVERFLOW) << "a flag of the caller's is gone";
  EXPECT_EQ(y, -std::numeric_limits<float>::infinity());
  kernel->run(at_one, outputs, 1, scratch.data());
  EXPECT_EQ(y, 0);
  EXPECT_EQ(std::fegetround(), FE_UPWARD);
  std::feclearexcept(FE_ALL_EXCEPT);
}

INSTANTIATE_TEST_SUITE_P(Cpus, RoundingMode, ::testing::ValuesIn(runnable_cpus()), name_of_cpu);

}  // namespace
}  // namespace inlay::testing
