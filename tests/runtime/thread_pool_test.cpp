// SPDX-License-Identifier: Apache-2.0
// The pool of threads: every part once, always on the same thread, in turns.
#include "inlay/thread_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace inlay {
namespace {

template <class Work>
void run(const inlay_parallel_for& workers, Work& work) {
  workers.run(
      workers.context,
      [](void* argument, std::size_t part, std::size_t parts) { (*static_cast<Work*>(argument))(part, parts); }, &work);
}

TEST(ThreadPool, RunsEveryPartOnceAndWaitsForAll) {
  for (const unsigned size : {1u, 2u, 5u}) {
    thread_pool pool(size);
    ASSERT_EQ(pool.size(), size);
    std::vector<int> runs(size);
    auto work = [&](std::size_t part, std::size_t parts) {
      EXPECT_EQ(parts, size);
      ++runs.at(part);  // not atomic: the pool must order what the parts write before its return
    };
    for (int i = 0; i < 1000; ++i) run(pool, work);
    EXPECT_EQ(runs, std::vector<int>(size, 1000));
  }
}

TEST(ThreadPool, KeepsEachPartOnItsThread) {
  thread_pool pool(3);
  std::vector<std::thread::id> threads(3);
  auto remember = [&](std::size_t part, std::size_t) { threads[part] = std::this_thread::get_id(); };
  run(pool, remember);
  EXPECT_EQ(threads[0], std::this_thread::get_id());
  EXPECT_NE(threads[1], threads[2]);
  auto compare = [&](std::size_t part, std::size_t) { EXPECT_EQ(threads[part], std::this_thread::get_id()); };
  for (int i = 0; i < 100; ++i) run(pool, compare);
}

TEST(ThreadPool, WakesThreadsThatHaveGoneToSleep) {
  thread_pool pool(2);
  std::atomic<int> count = 0;
  auto work = [&](std::size_t, std::size_t) { ++count; };
  for (int i = 0; i < 5; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    run(pool, work);
  }
  EXPECT_EQ(count, 10);
}

TEST(ThreadPool, CallsFromSeveralThreadsTakeTurns) {
  thread_pool pool(2);
  int inside = 0;  // by part 0, of one call at a time
  auto work = [&](std::size_t part, std::size_t) {
    if (part != 0) return;
    EXPECT_EQ(++inside, 1);
    --inside;
  };
  std::vector<std::thread> callers;
  for (int i = 0; i < 3; ++i)
    callers.emplace_back([&] {
      for (int repetition = 0; repetition < 200; ++repetition) run(pool, work);
    });
  for (std::thread& caller : callers) caller.join();
}

TEST(ThreadPool, ByDefaultHasAsManyThreadsAsTheMachineRuns) {
  EXPECT_EQ(thread_pool().size(), std::max(1u, std::thread::hardware_concurrency()));
}

}  // namespace
}  // namespace inlay
