// SPDX-License-Identifier: Apache-2.0
// Calls of networks with state neither allocate, lock nor enter the kernel, and states on several threads do not
// disturb each other. Planted calls prove that the guards see what they are for.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <barrier>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <random>
#include <thread>
#include <vector>

#include "guard.hpp"
#include "inlay/voices.hpp"
#include "model.hpp"
#include "model_kernels.h"

namespace {

using namespace realtime_test;

constexpr std::size_t inputs = 3, outputs = 4, most_steps = 64, steps_in_all = 10000;

std::vector<float> noise(unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> x(steps_in_all * inputs);
  for (float& each : x) each = std::uniform_real_distribution<float>(-1, 1)(random);
  return x;
}

/// The ways to call a network: the C++ stream, the C entry points with the caller's memory, and many streams in one
/// call.
template <const auto& Net>
struct by_stream {
  inlay::stream<Net> stream;

  bool run(const float* x, float* y, std::size_t steps) {
    return stream({x, steps * inputs}, {y, steps * outputs}) == inlay::status::ok;
  }
  void reset() { stream.reset(); }
};

template <int (*Run)(const float*, float*, std::size_t, void*, void*), void (*Reset)(void*), std::size_t MemoryBytes,
          std::size_t ScratchBytes>
struct by_c {
  alignas(64) std::byte memory[MemoryBytes];
  alignas(64) std::byte scratch[ScratchBytes + 1];

  by_c() { Reset(memory); }
  bool run(const float* x, float* y, std::size_t steps) { return Run(x, y, steps, memory, scratch) == 0; }
  void reset() { Reset(memory); }
};

/// A register of streams and a rest, all with the same signal. The results are those of one of them.
template <const auto& Net>
struct by_voices {
  static constexpr std::size_t count = 17, heard = 5;
  inlay::voices<Net> voices{count};
  std::vector<float> in = std::vector<float>(count * most_steps * inputs);
  std::vector<float> out = std::vector<float>(count * most_steps * outputs);

  bool run(const float* x, float* y, std::size_t steps) {
    for (std::size_t voice = 0; voice < count; ++voice) std::copy_n(x, steps * inputs, &in[voice * steps * inputs]);
    const bool good = voices.run(in.data(), out.data(), count, steps) == 0;
    std::copy_n(&out[heard * steps * outputs], steps * outputs, y);
    return good;
  }
  void reset() { voices.reset(); }
};

/// Plays all steps in calls of `block` steps. Allocates nothing itself.
template <class Caller>
bool play(Caller& caller, const float* x, float* y, std::size_t block) {
  for (std::size_t step = 0; step < steps_in_all; step += block) {
    const std::size_t steps = std::min(block, steps_in_all - step);
    if (!caller.run(x + step * inputs, y + step * outputs, steps)) return false;
  }
  return true;
}

/// The same in blocks of 1, 7 and 64 steps, each from the first step on. Each must give the bits of the first one.
template <class Caller>
bool play_in_blocks(Caller& caller, const float* x, float* y, float* again) {
  if (!play(caller, x, y, 1)) return false;
  for (const std::size_t block : {std::size_t(7), most_steps}) {
    caller.reset();
    if (!play(caller, x, again, block) || std::memcmp(y, again, steps_in_all * outputs * sizeof(float)) != 0)
      return false;
  }
  caller.reset();
  return true;
}

template <class Caller>
class Realtime : public ::testing::Test {};

// Types of their own, because ctest names the tests after them.
struct recurrent_in_c : by_c<recurrent_run, recurrent_reset, RECURRENT_MEMORY_BYTES, RECURRENT_SCRATCH_BYTES> {};
struct blocks_in_c : by_c<blocks_run, blocks_reset, BLOCKS_MEMORY_BYTES, BLOCKS_SCRATCH_BYTES> {};
struct wide_in_c : by_c<wide_run, wide_reset, WIDE_MEMORY_BYTES, WIDE_SCRATCH_BYTES> {};

using callers = ::testing::Types<by_stream<recurrent>, by_stream<blocks>, by_stream<wide>, recurrent_in_c, blocks_in_c,
                                 wide_in_c, by_voices<recurrent>, by_voices<blocks>>;
TYPED_TEST_SUITE(Realtime, callers);

TYPED_TEST(Realtime, NoCallAllocatesOrLocks) {
  const std::vector<float> x = noise(1);
  std::vector<float> y(steps_in_all * outputs), again(y.size());
  const auto caller = std::make_unique<TypeParam>();
  calls made;
  bool good;
  {
    const watch here(made);
    good = play_in_blocks(*caller, x.data(), y.data(), again.data());
  }
  EXPECT_TRUE(good);
  EXPECT_EQ(made.allocations, 0u);
  EXPECT_EQ(made.locks, 0u);
}

/// What a child plays, and where its parent finds the results.
template <class Caller>
struct recital {
  Caller caller;
  std::vector<float> x = noise(2);
  std::vector<float> again = std::vector<float>(steps_in_all * outputs);
  float* y = nullptr;  ///< shared with the parent
};

TYPED_TEST(Realtime, NoCallEntersTheKernel) {
  constexpr std::size_t bytes = steps_in_all * outputs * sizeof(float);
  void* const shared = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(shared, MAP_FAILED);
  // ctest runs each test in a process of its own, so the child makes the network's first call.
  const auto all = std::make_unique<recital<TypeParam>>();
  all->y = static_cast<float*>(shared);
  const child_end end = without_system_calls(
      [](void* argument) {
        auto& of = *static_cast<recital<TypeParam>*>(argument);
        return play_in_blocks(of.caller, of.x.data(), of.y, of.again.data());
      },
      all.get());
  if (end == child_end::not_possible) GTEST_SKIP() << "this kernel cannot refuse system calls";
  EXPECT_EQ(end, child_end::good);

  EXPECT_TRUE(play(all->caller, all->x.data(), all->again.data(), 1));
  EXPECT_EQ(std::memcmp(all->again.data(), shared, bytes), 0) << "the child computed something else";
  float largest = 0;
  for (const float each : all->again) largest = std::max(largest, std::isfinite(each) ? std::abs(each) : INFINITY);
  EXPECT_GT(largest, 0) << "it computed nothing";
  EXPECT_LT(largest, INFINITY);
  munmap(shared, bytes);
}

/// One state and its signal.
template <class Caller>
struct voice {
  Caller caller;
  std::vector<float> x, y = std::vector<float>(steps_in_all * outputs);
  bool good = false;

  explicit voice(unsigned seed) : x(noise(seed)) {}
  /// Voices have blocks of different sizes.
  void play_all(std::size_t block) { good = play(caller, x.data(), y.data(), block); }
};

TYPED_TEST(Realtime, EightThreadsGiveTheBitsOfOne) {
  constexpr unsigned voices = 8;
  std::vector<std::unique_ptr<voice<TypeParam>>> together, alone;
  for (unsigned i = 0; i < voices; ++i) {
    together.push_back(std::make_unique<voice<TypeParam>>(i));
    alone.push_back(std::make_unique<voice<TypeParam>>(i));
  }
  std::barrier start(voices);
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < voices; ++i)
      threads.emplace_back([&, i] {
        start.arrive_and_wait();
        together[i]->play_all(1 + 9 * i);
      });
  }
  for (unsigned i = 0; i < voices; ++i) {
    alone[i]->play_all(1 + 9 * i);
    EXPECT_TRUE(together[i]->good && alone[i]->good);
    EXPECT_EQ(std::memcmp(together[i]->y.data(), alone[i]->y.data(), alone[i]->y.size() * sizeof(float)), 0)
        << "voice " << i;
    EXPECT_NE(std::memcmp(alone[0]->y.data(), alone[i]->y.data(), alone[i]->y.size() * sizeof(float)) == 0, i != 0)
        << "voices with different signals";
  }
}

/// What runs a call that a compiler could otherwise leave out.
void* volatile sink;
void* (*volatile allocate)(std::size_t) = std::malloc;

TEST(Guard, CountsAllocations) {
  calls made;
  {
    const watch here(made);
  }
  EXPECT_EQ(made, calls());
  {
    const watch here(made);
    std::free(allocate(1));
  }
  EXPECT_EQ(made, (calls{.allocations = 2, .locks = 0}));
  {
    const watch here(made);
    sink = ::operator new(1);
    ::operator delete(sink);
  }
  EXPECT_EQ(made, (calls{.allocations = 2, .locks = 0}));
  {
    const watch here(made);
    sink = ::operator new(64, std::align_val_t(64));
    ::operator delete(sink, std::align_val_t(64));
  }
  EXPECT_EQ(made, (calls{.allocations = 2, .locks = 0}));
}

TEST(Guard, CountsLocks) {
  std::mutex mutex;
  calls made;
  {
    const watch here(made);
    const std::lock_guard lock(mutex);
  }
  EXPECT_EQ(made, (calls{.allocations = 0, .locks = 1}));
}

/// Calls a function once, in the middle of its steps.
template <class Planted>
struct with_a_plant : by_stream<recurrent> {
  Planted planted;
  std::size_t countdown = steps_in_all / 2;

  explicit with_a_plant(Planted function) : planted(function) {}
  bool run(const float* x, float* y, std::size_t steps) {
    if (--countdown == 0) planted();
    return by_stream::run(x, y, steps);
  }
};

TEST(Guard, SeesAPlantedAllocationBetweenSteps) {
  const std::vector<float> x = noise(1);
  std::vector<float> y(steps_in_all * outputs);
  with_a_plant caller([] { std::free(allocate(1)); });
  calls made;
  {
    const watch here(made);
    EXPECT_TRUE(play(caller, x.data(), y.data(), 1));
  }
  EXPECT_EQ(made.allocations, 2u);
}

/// How a child with this code ends.
child_end end_of(bool (*code)(void*)) { return without_system_calls(code, nullptr); }

TEST(Guard, EndsAtSystemCalls) {
  const child_end good = end_of([](void*) { return true; });
  if (good == child_end::not_possible) GTEST_SKIP() << "this kernel cannot refuse system calls";
  EXPECT_EQ(good, child_end::good);
  EXPECT_EQ(end_of([](void*) { return false; }), child_end::bad);
  EXPECT_EQ(end_of([](void*) { return getpid() > 0; }), child_end::system_call);
  EXPECT_EQ(end_of([](void*) { return write(1, "", 0) == 0; }), child_end::system_call);
  EXPECT_EQ(end_of([](void*) { return usleep(1) == 0; }), child_end::system_call);
  EXPECT_EQ(end_of([](void*) -> bool { std::exit(0); }), child_end::system_call);
  // Allocations of this size map pages.
  EXPECT_EQ(end_of([](void*) { return allocate(std::size_t(1) << 26) != nullptr; }), child_end::system_call);
  EXPECT_EQ(end_of([](void*) -> bool { std::abort(); }), child_end::system_call);
}

TEST(Guard, EndsAtAPlantedSystemCallBetweenSteps) {
  struct {
    std::vector<float> x = noise(1), y = std::vector<float>(steps_in_all * outputs);
    bool plant = false;
  } all;
  const auto code = [](void* argument) {
    auto& of = *static_cast<decltype(all)*>(argument);
    with_a_plant caller([&] { of.plant = of.plant && getpid() > 0; });
    return play(caller, of.x.data(), of.y.data(), 1);
  };
  const child_end good = without_system_calls(code, &all);
  if (good == child_end::not_possible) GTEST_SKIP() << "this kernel cannot refuse system calls";
  EXPECT_EQ(good, child_end::good);
  all.plant = true;
  EXPECT_EQ(without_system_calls(code, &all), child_end::system_call);
}

}  // namespace
