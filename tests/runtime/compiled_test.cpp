// SPDX-License-Identifier: Apache-2.0
// compiled<net>, with kernels written by hand in the place of inlayc's.
#include "inlay/compiled.hpp"

#include <gtest/gtest.h>

#include "inlay/dsl.hpp"

namespace {

using namespace inlay;

constexpr auto doubler = network("doubler", input<f32, 3>("x"), [](auto x) { return x * 2; });
constexpr auto two_by_two = network("two_by_two", input<f32, 2>("a"), input<f32, 2, 2>("b"), [](auto a, auto b) {
  return outputs(output("sum", concat(a, flatten(b))), output("first", a + a));
});

void* last_scratch = nullptr;

}  // namespace

namespace inlay {

template <>
int kernel_run<graph_of<doubler>.hash, const float*, float*>(const float* x, float* y, std::size_t batch,
                                                             void* scratch) {
  last_scratch = scratch;
  if (batch != 0 && (x == nullptr || y == nullptr)) return 1;
  for (std::size_t i = 0; i < 3 * batch; ++i) y[i] = 2 * x[i];
  return 0;
}
template <>
std::size_t kernel_scratch_bytes<graph_of<doubler>.hash>() {
  return 100;
}
template <>
int kernel_run<graph_of<two_by_two>.hash, const float*, const float*, float*, float*>(const float* a, const float* b,
                                                                                      float* sum, float* first,
                                                                                      std::size_t batch, void*) {
  for (std::size_t i = 0; i < batch; ++i) {
    for (std::size_t k = 0; k < 2; ++k) sum[6 * i + k] = a[2 * i + k], first[2 * i + k] = 2 * a[2 * i + k];
    for (std::size_t k = 0; k < 4; ++k) sum[6 * i + 2 + k] = b[4 * i + k];
  }
  return 0;
}
template <>
std::size_t kernel_scratch_bytes<graph_of<two_by_two>.hash>() {
  return 0;
}

}  // namespace inlay

namespace {

static_assert(compiled<doubler>::input_size<> == 3 && compiled<doubler>::output_size<> == 3);
static_assert(compiled<two_by_two>::input_count == 2 && compiled<two_by_two>::output_count == 2);
static_assert(compiled<two_by_two>::input_size<1> == 4 && compiled<two_by_two>::output_size<0> == 6);

TEST(Compiled, RunsAnyBatch) {
  compiled<doubler> net;
  for (std::size_t batch : {0u, 1u, 2u, 7u}) {
    std::vector<float> x(3 * batch, 1.5f), y(3 * batch);
    EXPECT_EQ(net(x, y), status::ok);
    EXPECT_EQ(y, std::vector<float>(3 * batch, 3.0f));
  }
}

TEST(Compiled, ChecksSizes) {
  compiled<doubler> net;
  std::vector<float> six(6), three(3), four(4);
  EXPECT_EQ(net(six, three), status::size_mismatch);
  EXPECT_EQ(net(four, three), status::size_mismatch);
  compiled<two_by_two> pair;
  std::vector<float> a(2), b(4), sum(6), first(2);
  EXPECT_EQ(pair(a, b, sum, first), status::ok);
  EXPECT_EQ(pair(a, a, sum, first), status::size_mismatch);
  EXPECT_EQ(pair(a, b, sum, sum), status::size_mismatch);
}

TEST(Compiled, PassesSeveralInputsAndOutputs) {
  compiled<two_by_two> net;
  const std::vector<float> a = {1, 2}, b = {3, 4, 5, 6};
  std::vector<float> sum(6), first(2);
  ASSERT_EQ(net(a, b, sum, first), status::ok);
  EXPECT_EQ(sum, (std::vector<float>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(first, (std::vector<float>{2, 4}));
}

TEST(Compiled, OwnsAlignedScratchOrBorrowsIt) {
  std::vector<float> x(3), y(3);
  compiled<doubler> owner;
  ASSERT_EQ(owner(x, y), status::ok);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(last_scratch) % 64, 0u);

  alignas(64) std::byte memory[100];
  compiled<doubler> borrower{std::span<std::byte>(memory)};
  ASSERT_EQ(borrower(x, y), status::ok);
  EXPECT_EQ(last_scratch, memory);
  compiled<doubler> starved{std::span<std::byte>(memory).first(99)};
  EXPECT_EQ(starved(x, y), status::scratch_too_small);
}

TEST(Compiled, MovesWithItsScratch) {
  compiled<doubler> first;
  compiled<doubler> second(std::move(first));
  std::vector<float> x = {1, 2, 3}, y(3);
  EXPECT_EQ(second(x, y), status::ok);
  EXPECT_EQ(y, (std::vector<float>{2, 4, 6}));
}

TEST(Compiled, PassesTheKernelsStatusOn) {
  compiled<doubler> net;
  EXPECT_EQ(net.run(nullptr, nullptr, 1), 1);
  EXPECT_EQ(net.run(nullptr, nullptr, 0), 0);
}

}  // namespace
