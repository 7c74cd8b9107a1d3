// SPDX-License-Identifier: Apache-2.0
// Tests compiled<net> with hand-written kernels in place of inlayc's.
#include "inlay/compiled.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <type_traits>
#include <vector>

#include "inlay/dsl.hpp"

namespace {

using namespace inlay;

constexpr auto doubler = network("doubler", input<f32, 3>("x"), [](auto x) { return x * 2; });
constexpr auto two_by_two = network("two_by_two", input<f32, 2>("a"), input<f32, 2, 2>("b"), [](auto a, auto b) {
  return outputs(output("sum", concat(a, flatten(b))), output("first", a + a));
});

constexpr auto lookup = network("lookup", input<i32, 2>("tokens"), input<f32>("x"), [](auto tokens, auto x) {
  return embedding("words", tokens, constant<f32, 2, 1>({10, 20})) + x;
});

constexpr std::size_t doubler_scratch = 100;

void* last_scratch = nullptr;
std::size_t last_batch = 0;

}  // namespace

namespace inlay {

template <const auto& Net, class... Pointers>
using kernels_of =
    no_kernels_for_this_graph_run_inlayc_again<graph_of<Net>.hash,
                                               typename detail::name_of_kernels<graph_of<Net>, "">::type, Pointers...>;
using doubler_kernels = kernels_of<doubler, const float*, float*>;
using lookup_kernels = kernels_of<lookup, const std::int32_t*, const float*, float*>;
using two_by_two_kernels = kernels_of<two_by_two, const float*, const float*, float*, float*>;

template <>
int doubler_kernels::run(const float* x, float* y, std::size_t batch, void* scratch) {
  last_scratch = scratch;
  last_batch = batch;
  if (batch != 0 && (x == nullptr || y == nullptr || scratch == nullptr)) return 1;
  // Write all scratch memory, so that a sanitizer sees memory that is too small or was freed.
  if (scratch != nullptr) std::memset(scratch, 0x55, doubler_scratch);
  for (std::size_t i = 0; i < 3 * batch; ++i) y[i] = 2 * x[i];
  return 0;
}
template <>
std::size_t doubler_kernels::scratch_bytes() {
  return doubler_scratch;
}
template <>
int two_by_two_kernels::run(const float* a, const float* b, float* sum, float* first, std::size_t batch,
                            void* scratch) {
  last_scratch = scratch;
  last_batch = batch;
  for (std::size_t i = 0; i < batch; ++i) {
    for (std::size_t k = 0; k < 2; ++k) sum[6 * i + k] = a[2 * i + k], first[2 * i + k] = 2 * a[2 * i + k];
    for (std::size_t k = 0; k < 4; ++k) sum[6 * i + 2 + k] = b[4 * i + k];
  }
  return 0;
}
template <>
std::size_t two_by_two_kernels::scratch_bytes() {
  return 0;
}

template <>
int lookup_kernels::run(const std::int32_t* tokens, const float* x, float* y, std::size_t batch, void*) {
  for (std::size_t i = 0; i < 2 * batch; ++i) y[i] = static_cast<float>(10 + 10 * tokens[i]) + x[i / 2];
  return 0;
}
template <>
std::size_t lookup_kernels::scratch_bytes() {
  return 0;
}

}  // namespace inlay

namespace {

using doubled = compiled<doubler>;
using pair = compiled<two_by_two>;

static_assert(doubled::input_count == 1 && doubled::output_count == 1);
static_assert(doubled::input_size<> == 3 && doubled::output_size<> == 3);
static_assert(pair::input_count == 2 && pair::output_count == 2);
static_assert(pair::input_size<0> == 2 && pair::input_size<1> == 4);
static_assert(pair::output_size<0> == 6 && pair::output_size<1> == 2);
static_assert(doubled::graph.hash == graph_of<doubler>.hash && doubled::graph.name == "doubler");
// There is one argument for each input and output, and only outputs are writable.
using in = std::span<const float>;
using out = std::span<float>;
static_assert(std::is_invocable_r_v<status, doubled&, in, out> &&
              std::is_invocable_r_v<status, pair&, in, in, out, out>);
static_assert(!std::is_invocable_v<doubled&, in, in> && !std::is_invocable_v<doubled&, in>);
static_assert(!std::is_invocable_v<pair&, in, out, out>);
// Two objects never share owned scratch memory.
static_assert(!std::is_copy_constructible_v<doubled> && !std::is_copy_assignable_v<doubled>);
static_assert(std::is_nothrow_move_constructible_v<doubled> && std::is_nothrow_move_assignable_v<doubled>);

TEST(Compiled, RunsAnyBatch) {
  doubled net;
  for (std::size_t batch : {0u, 1u, 2u, 7u, 1000u, 1u, 0u}) {
    std::vector<float> x(3 * batch), y(3 * batch), twice(3 * batch);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i) + 0.5f, twice[i] = 2 * x[i];
    EXPECT_EQ(net(x, y), status::ok);
    EXPECT_EQ(last_batch, batch);
    EXPECT_EQ(y, twice);
  }
}

TEST(Compiled, TakesIntegersWhereTheInputIsI32) {
  using looked_up = compiled<lookup>;
  using integers = std::span<const std::int32_t>;
  static_assert(std::is_invocable_r_v<status, looked_up&, integers, in, out>);
  static_assert(!std::is_invocable_v<looked_up&, in, in, out> &&
                !std::is_invocable_v<looked_up&, integers, integers, out>);
  static_assert(!std::is_invocable_v<looked_up&, std::span<const std::uint32_t>, in, out>);
  static_assert(std::is_same_v<looked_up::input_element<0>, std::int32_t>);
  static_assert(std::is_same_v<looked_up::input_element<1>, float>);
  looked_up net;
  const std::vector<std::int32_t> tokens = {1, 0, 0, 0};
  const std::vector<float> x = {0.5f, 7};
  std::vector<float> y(4);
  EXPECT_EQ(net(tokens, x, y), status::ok);
  EXPECT_EQ(y, (std::vector<float>{20.5f, 10.5f, 17, 17}));
  EXPECT_EQ(net(integers(tokens).first(3), x, y), status::size_mismatch);
}

TEST(Compiled, RefusesWhatIsNoWholeBatch) {
  doubled net;
  std::vector<float> x(9, 1.0f), y(9, -1.0f);
  for (std::size_t inputs = 0; inputs <= 9; ++inputs)
    for (std::size_t outputs = 0; outputs <= 9; ++outputs) {
      const bool fits = inputs == outputs && inputs % 3 == 0;
      EXPECT_EQ(net(in(x).first(inputs), out(y).first(outputs)), fits ? status::ok : status::size_mismatch)
          << inputs << " inputs, " << outputs << " outputs";
    }
}

TEST(Compiled, ARefusedCallTouchesNothing) {
  doubled net;
  std::vector<float> x(6, 1.0f), y(3, -1.0f);
  last_batch = 77;
  EXPECT_EQ(net(x, y), status::size_mismatch);
  EXPECT_EQ(last_batch, 77u) << "the kernel must not run";
  EXPECT_EQ(y, std::vector<float>(3, -1.0f));
}

TEST(Compiled, EveryInputAndOutputMustHaveTheSameBatch) {
  pair net;
  std::vector<float> a(4), b(8), sum(12), first(4);
  const auto call = [&](std::size_t na, std::size_t nb, std::size_t nsum, std::size_t nfirst) {
    return net(in(a).first(na), in(b).first(nb), out(sum).first(nsum), out(first).first(nfirst));
  };
  EXPECT_EQ(call(4, 8, 12, 4), status::ok);
  EXPECT_EQ(call(2, 4, 6, 2), status::ok);
  EXPECT_EQ(call(0, 0, 0, 0), status::ok);
  EXPECT_EQ(call(2, 8, 12, 4), status::size_mismatch);
  EXPECT_EQ(call(4, 4, 12, 4), status::size_mismatch);
  EXPECT_EQ(call(4, 8, 6, 4), status::size_mismatch);
  EXPECT_EQ(call(4, 8, 12, 2), status::size_mismatch);
  EXPECT_EQ(call(0, 8, 12, 4), status::size_mismatch);
  EXPECT_EQ(call(3, 6, 9, 3), status::size_mismatch);
}

TEST(Compiled, PassesSeveralInputsAndOutputsInOrder) {
  pair net;
  const std::vector<float> a = {1, 2, 7, 8}, b = {3, 4, 5, 6, 9, 10, 11, 12};
  std::vector<float> sum(12), first(4);
  ASSERT_EQ(net(a, b, sum, first), status::ok);
  EXPECT_EQ(last_batch, 2u);
  EXPECT_EQ(sum, (std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}));
  EXPECT_EQ(first, (std::vector<float>{2, 4, 14, 16}));
}

TEST(Compiled, OwnsAlignedScratch) {
  std::vector<float> x(3), y(3);
  EXPECT_EQ(doubled::scratch_bytes(), doubler_scratch);
  std::vector<doubled> nets(8);
  std::vector<void*> memory;
  for (doubled& net : nets) {
    ASSERT_EQ(net(x, y), status::ok);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(last_scratch) % 64, 0u);
    EXPECT_EQ(std::ranges::count(memory, last_scratch), 0) << "each object has its own";
    memory.push_back(last_scratch);
    ASSERT_EQ(net(x, y), status::ok);
    EXPECT_EQ(last_scratch, memory.back()) << "and keeps it from call to call";
  }
}

TEST(Compiled, NeedsNoMemoryForAKernelWithoutScratch) {
  std::vector<float> a(2), b(4), sum(6), first(2);
  pair owner;
  last_scratch = &owner;
  ASSERT_EQ(owner(a, b, sum, first), status::ok);
  EXPECT_EQ(last_scratch, nullptr);
  pair borrower{std::span<std::byte>()};
  EXPECT_EQ(borrower(a, b, sum, first), status::ok);
}

TEST(Compiled, BorrowsScratch) {
  std::vector<float> x(3, 1.0f), y(3, -1.0f);
  std::vector<std::byte> memory(doubler_scratch + 1);
  for (std::size_t bytes : {doubler_scratch, doubler_scratch + 1}) {
    doubled borrower{std::span(memory).first(bytes)};
    ASSERT_EQ(borrower(x, y), status::ok);
    EXPECT_EQ(last_scratch, memory.data());
  }
  last_batch = 77, y.assign(3, -1.0f);
  for (std::size_t bytes : {std::size_t{0}, std::size_t{1}, doubler_scratch - 1}) {
    doubled starved{std::span(memory).first(bytes)};
    EXPECT_EQ(starved(x, y), status::scratch_too_small) << bytes;
    EXPECT_EQ(starved(std::span<const float>(), std::span<float>()), status::scratch_too_small) << "whatever the batch";
  }
  doubled none{std::span<std::byte>()};
  EXPECT_EQ(none(x, y), status::scratch_too_small);
  EXPECT_EQ(last_batch, 77u) << "the kernel must not run";
  EXPECT_EQ(y, std::vector<float>(3, -1.0f));
}

TEST(Compiled, MovesWithItsScratch) {
  const std::vector<float> x = {1, 2, 3}, twice = {2, 4, 6};
  std::vector<float> y(3);
  auto first = std::make_unique<doubled>();
  ASSERT_EQ((*first)(x, y), status::ok);
  void* const memory = last_scratch;
  doubled second(std::move(*first));
  first.reset();
  y.assign(3, 0);
  ASSERT_EQ(second(x, y), status::ok);
  EXPECT_EQ(last_scratch, memory);
  EXPECT_EQ(y, twice);

  doubled third;
  third = std::move(second);
  y.assign(3, 0);
  ASSERT_EQ(third(x, y), status::ok);
  EXPECT_EQ(last_scratch, memory);
  EXPECT_EQ(y, twice);
}

TEST(Compiled, AMovedFromObjectRefusesToRun) {
  const std::vector<float> x = {1, 2, 3};
  std::vector<float> y(3);
  doubled first;
  const doubled second(std::move(first));
  EXPECT_EQ(first(x, y), status::scratch_too_small) << "its memory is now another object's";
}

TEST(Compiled, PassesTheKernelsStatusOn) {
  doubled net;
  std::vector<float> x(3), y(3);
  EXPECT_EQ(net.run(nullptr, nullptr, 1), 1);
  EXPECT_EQ(net.run(x.data(), nullptr, 1), 1);
  EXPECT_EQ(net.run(nullptr, nullptr, 0), 0);
  EXPECT_EQ(net.run(x.data(), y.data(), 1), 0);
  EXPECT_EQ(net(in(static_cast<const float*>(nullptr), 3), y), status::null_pointer);
  EXPECT_EQ(net(x, out(static_cast<float*>(nullptr), 3)), status::null_pointer);
}

}  // namespace
