// SPDX-License-Identifier: Apache-2.0
// Tests stream<net> and voices<net> with hand-written kernels in place of inlayc's.
#include "inlay/stream.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

#include "inlay/dsl.hpp"
#include "inlay/voices.hpp"

namespace {

using namespace inlay;

constexpr auto adder = network("adder", input<f32, 2>("x"), state<f32, 2>("sum"), [](auto x, auto sum) {
  sum = sum + x;
  return sum;
});

constexpr std::size_t adder_scratch = 60;

}  // namespace

namespace inlay {

using adder_kernels = no_kernels_for_this_graph_run_inlayc_again<
    graph_of<adder>.hash, typename detail::name_of_kernels<graph_of<adder>, "">::type, const float*, float*>;

template <>
int adder_kernels::run_steps(const float* x, float* y, std::size_t steps, void* memory, void* scratch) {
  if (steps == 0) return 0;
  if (x == nullptr || y == nullptr || memory == nullptr || scratch == nullptr) return 1;
  std::memset(scratch, 0x55, adder_scratch);  // so that a sanitizer sees memory that is too small
  auto* sum = static_cast<float*>(memory);
  for (std::size_t i = 0; i < 2 * steps; ++i) y[i] = sum[i % 2] += x[i];
  return 0;
}
template <>
int adder_kernels::run_voices_needs_VOICES(const float* x, float* y, std::size_t voices, std::size_t steps,
                                           void* memories, void* scratch) {
  for (std::size_t voice = 0; voice < voices; ++voice) {
    auto* memory = static_cast<std::byte*>(memories) + voice * stream_memory<adder>::size;
    if (const int result = run_steps(x + voice * 2 * steps, y + voice * 2 * steps, steps, memory, scratch))
      return result;
  }
  return 0;
}
template <>
void adder_kernels::reset(void* memory) {
  std::memset(memory, 0, stream_memory<adder>::size);
}
template <>
std::size_t adder_kernels::scratch_bytes() {
  return adder_scratch;
}

}  // namespace inlay

namespace {

static_assert(std::is_trivially_copyable_v<stream_memory<adder>>);
static_assert(sizeof(stream_memory<adder>) == memory_bytes(graph_of<adder>) && alignof(stream_memory<adder>) == 64);
static_assert(stream<adder>::input_size<> == 2 && stream<adder>::output_size<> == 2);

/// The sums after steps of `x`.
std::array<float, 2> after(stream<adder>& s, std::vector<float> x) {
  std::vector<float> y(x.size());
  EXPECT_EQ(s(x, y), status::ok);
  return {y.end()[-2], y.end()[-1]};
}
using sums = std::array<float, 2>;

TEST(Stream, GoesOnFromCallToCall) {
  stream<adder> s;
  EXPECT_EQ(after(s, {1, 10, 2, 20}), (sums{3, 30}));
  EXPECT_EQ(after(s, {1, 1}), (sums{4, 31}));
  s.reset();
  EXPECT_EQ(after(s, {1, 1}), (sums{1, 1}));
}

TEST(Stream, ACopyGoesItsOwnWay) {
  stream<adder> s;
  (void)after(s, {1, 2});
  stream<adder> copy = s;
  EXPECT_EQ(copy, s);
  EXPECT_EQ(after(copy, {1, 1}), (sums{2, 3}));
  EXPECT_FALSE(copy == s);
  EXPECT_EQ(after(s, {5, 5}), (sums{6, 7}));
  copy = s;
  EXPECT_EQ(copy, s);
  EXPECT_EQ(after(copy, {0, 0}), (sums{6, 7}));
}

TEST(Stream, MemoryIsSavedAndBorrowed) {
  stream<adder> s;
  (void)after(s, {1, 2});
  const auto saved = s.memory();
  (void)after(s, {1, 2});
  s.memory() = saved;
  EXPECT_EQ(after(s, {0, 0}), (sums{1, 2}));

  auto mine = saved;
  stream<adder> borrowing(mine);
  EXPECT_EQ(after(borrowing, {1, 1}), (sums{2, 3}));
  EXPECT_FALSE(mine == saved) << "the steps are in the memory that was given";
}

TEST(Stream, TheOneMovedFromHasNoMemory) {
  stream<adder> s;
  (void)after(s, {1, 2});
  stream<adder> moved = std::move(s);
  EXPECT_EQ(after(moved, {0, 0}), (sums{1, 2}));
  float x[2] = {}, y[2] = {};
  EXPECT_EQ(s(x, y), status::null_pointer);  // NOLINT(bugprone-use-after-move): that is what is tested
  s = std::move(moved);
  EXPECT_EQ(after(s, {0, 0}), (sums{1, 2}));
}

TEST(Stream, SpansHoldWholeSteps) {
  stream<adder> s;
  float x[4] = {}, y[4] = {};
  using in = std::span<const float>;
  using out = std::span<float>;
  EXPECT_EQ(s(in(x, 4), out(y, 4)), status::ok);
  EXPECT_EQ(s(in(x, 3), out(y, 3)), status::size_mismatch);
  EXPECT_EQ(s(in(x, 4), out(y, 2)), status::size_mismatch);
  EXPECT_EQ(s(in(x, 2), out(y, 4)), status::size_mismatch);
  EXPECT_EQ(s(in(), out()), status::ok);
}

TEST(Stream, SequencesHaveTheChannelsFirst) {
  // More steps than the blocks in which they run.
  for (const std::size_t steps : std::initializer_list<std::size_t>{0, 1, 3, 255, 256, 257, 1000}) {
    stream<adder> s, expected;
    std::vector<float> x(2 * steps), y(2 * steps, -1), rows(2 * steps), each(2 * steps);
    for (std::size_t i = 0; i < steps; ++i) {
      rows[2 * i] = x[i] = static_cast<float>(i % 7);
      rows[2 * i + 1] = x[steps + i] = static_cast<float>(i % 5) - 1;
    }
    EXPECT_EQ(expected(rows, each), status::ok);
    EXPECT_EQ(s.sequence(x, y), status::ok);
    for (std::size_t i = 0; i < steps; ++i) {
      EXPECT_EQ(y[i], each[2 * i]) << i;
      EXPECT_EQ(y[steps + i], each[2 * i + 1]) << i;
    }
    EXPECT_EQ(s, expected);
  }
  stream<adder> s;
  std::vector<float> x(3), y(4);
  EXPECT_EQ(s.sequence(x, y), status::size_mismatch);
  stream<adder> moved = std::move(s);
  EXPECT_EQ(s.sequence(y, y), status::null_pointer);  // NOLINT(bugprone-use-after-move): that is what is tested
}

TEST(Voices, EachRemembersItsOwnPast) {
  voices<adder> v(3);
  EXPECT_EQ(v.size(), 3u);
  const std::vector<float> x = {1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60};  // two steps of each
  std::vector<float> y(12);
  EXPECT_EQ(v(x, y), status::ok);
  EXPECT_EQ(y, (std::vector<float>{1, 10, 3, 30, 3, 30, 7, 70, 5, 50, 11, 110}));
  v.reset(1);
  EXPECT_EQ(v(std::span(x).first(6), std::span(y).first(6)), status::ok);
  EXPECT_EQ(std::vector(y.begin(), y.begin() + 6), (std::vector<float>{4, 40, 2, 20, 14, 140}));
  v.reset();
  EXPECT_EQ(v(std::span(x).first(6), std::span(y).first(6)), status::ok);
  EXPECT_EQ(std::vector(y.begin(), y.begin() + 6), (std::vector<float>{1, 10, 2, 20, 3, 30}));
}

TEST(Voices, MemoriesMoveToStreamsAndBack) {
  voices<adder> v(2);
  stream<adder> s;
  (void)after(s, {7, 8});
  v.memory(1) = s.memory();
  std::swap(v.memory(0), v.memory(1));
  float x[2] = {1, 1}, y[2] = {};
  EXPECT_EQ(v.run(x, y, 1, 1), 0);
  EXPECT_EQ(std::vector(y, y + 2), (std::vector<float>{8, 9}));
  s.memory() = v.memory(0);
  EXPECT_EQ(after(s, {1, 1}), (sums{9, 10}));
}

TEST(Voices, SpansHoldWholeSteps) {
  voices<adder> v(3), none(0);
  std::vector<float> x(18), y(18);
  const auto in = [&](std::size_t count) { return std::span<const float>(x).first(count); };
  const auto out = [&](std::size_t count) { return std::span(y).first(count); };
  EXPECT_EQ(v(in(18), out(18)), status::ok);
  EXPECT_EQ(v(in(0), out(0)), status::ok);
  EXPECT_EQ(v(in(16), out(16)), status::size_mismatch) << "16 elements are no whole steps of three streams";
  EXPECT_EQ(v(in(6), out(12)), status::size_mismatch);
  EXPECT_EQ(none(in(0), out(0)), status::ok);
  EXPECT_EQ(none(in(2), out(2)), status::size_mismatch);
}

}  // namespace
