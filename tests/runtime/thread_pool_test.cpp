// SPDX-License-Identifier: Apache-2.0
// Tests the thread pool: it runs every part once, always on the same thread, and calls take turns; exceptions, nested
// calls, forks and exits; and the cost of calls with more threads than cores.
#include "inlay/thread_pool.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cfenv>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
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
      ++runs.at(part);  // not atomic: the pool must order the parts' writes before its return
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
  int inside = 0;  // changed by part 0 of one call at a time
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

/// Runs `work` and returns the message that it threw, or "".
template <class Work>
std::string thrown_by(const inlay_parallel_for& workers, Work& work) {
  try {
    run(workers, work);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

TEST(ThreadPool, WaitsForAllPartsBeforeItThrows) {
  thread_pool pool(4);
  for (const std::size_t thrower : {0u, 1u, 3u}) {
    std::atomic<int> finished = 0;
    auto work = [&](std::size_t part, std::size_t) {
      if (part == thrower) throw std::runtime_error("part " + std::to_string(part));
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      ++finished;
    };
    for (int i = 1; i <= 5; ++i) {
      EXPECT_EQ(thrown_by(pool, work), "part " + std::to_string(thrower));
      EXPECT_EQ(finished, 3 * i);
    }
  }
  std::atomic<int> runs = 0;
  auto count = [&](std::size_t, std::size_t) { ++runs; };
  EXPECT_EQ(thrown_by(pool, count), "");
  EXPECT_EQ(runs, 4);
}

TEST(ThreadPool, WhereAllPartsThrowThrowsWhatTheFirstPartDid) {
  thread_pool pool(3);
  auto work = [&](std::size_t part, std::size_t) { throw std::runtime_error(std::to_string(part)); };
  for (int i = 0; i < 100; ++i) EXPECT_EQ(thrown_by(pool, work), "0");
  // Exceptions of other parts are not kept for later calls.
  auto nothing = [](std::size_t, std::size_t) {};
  EXPECT_EQ(thrown_by(pool, nothing), "");
  auto others = [&](std::size_t part, std::size_t) {
    if (part != 0) throw std::runtime_error("another");
  };
  EXPECT_EQ(thrown_by(pool, others), "another");
}

TEST(ThreadPool, APoolOfOneThreadThrows) {
  thread_pool pool(1);
  auto work = [](std::size_t, std::size_t) { throw std::runtime_error("alone"); };
  EXPECT_EQ(thrown_by(pool, work), "alone");
  EXPECT_EQ(thrown_by(pool, work), "alone");
}

TEST(ThreadPool, CallsFromItsWorkRunOnTheCallingThread) {
  for (const unsigned size : {1u, 3u}) {
    thread_pool pool(size), other(2);
    std::atomic<int> runs = 0, inner_runs = 0;
    auto work = [&](std::size_t, std::size_t) {
      const std::thread::id here = std::this_thread::get_id();
      auto inner = [&](std::size_t part, std::size_t parts) {
        EXPECT_EQ(part, 0u);
        EXPECT_EQ(parts, 1u);
        EXPECT_EQ(std::this_thread::get_id(), here);
        ++inner_runs;
      };
      run(pool, inner);
      run(other, inner);
      ++runs;
    };
    run(pool, work);
    run(pool, work);
    EXPECT_EQ(runs, 2 * static_cast<int>(size));
    EXPECT_EQ(inner_runs, 4 * static_cast<int>(size));
  }
}

TEST(ThreadPool, PoolsThatCallEachOtherDoNotWaitForEachOther) {
  thread_pool one(2), two(2);
  auto nothing = [](std::size_t, std::size_t) {};
  auto call_one = [&](std::size_t, std::size_t) { run(one, nothing); };
  auto call_two = [&](std::size_t, std::size_t) { run(two, nothing); };
  std::thread other([&] {
    for (int i = 0; i < 500; ++i) run(one, call_two);
  });
  for (int i = 0; i < 500; ++i) run(two, call_one);
  other.join();
}

TEST(ThreadPool, SeveralCallersMayThrow) {
  thread_pool pool(3);
  std::vector<std::thread> callers;
  std::atomic<int> caught = 0;
  for (int caller = 0; caller < 3; ++caller)
    callers.emplace_back([&, caller] {
      for (int repetition = 0; repetition < 100; ++repetition) {
        const std::size_t thrower = static_cast<std::size_t>(repetition % 4);  // of 3 parts; 3 is none of them
        const std::string message = std::to_string(caller) + " " + std::to_string(repetition);
        auto work = [&](std::size_t part, std::size_t) {
          if (part == thrower) throw std::runtime_error(message);
        };
        const std::string found = thrown_by(pool, work);
        EXPECT_EQ(found, thrower == 3 ? "" : message);
        if (!found.empty()) ++caught;
      }
    });
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(caught, 3 * 75);
}

TEST(ThreadPool, WorkRunsInTheCallersFloatingPointMode) {
  thread_pool pool(3);
  std::vector<int> modes(3);
  std::vector<float> sums(3);
  volatile float one = 1, little = 1e-10f;
  auto look = [&](std::size_t part, std::size_t) {
    modes[part] = std::fegetround();
    sums[part] = one + little;
  };
  for (const int mode : {FE_UPWARD, FE_TOWARDZERO, FE_TONEAREST}) {
    ASSERT_EQ(std::fesetround(mode), 0);
    run(pool, look);
    EXPECT_EQ(modes, std::vector<int>(3, mode));
    EXPECT_EQ(sums, std::vector<float>(3, mode == FE_UPWARD ? 1 + 0x1p-23f : 1));
  }
}

/// Forks a child that runs `body`, which returns whether everything is right. Returns the child's exit code, or -1 if
/// it was killed, which happens after 60 seconds.
template <class Body>
int exit_code_of_child(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    _exit(body() ? 0 : 1);
  }
  int status = 0;
  if (waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// Whether the pool runs all work on this thread, as one part.
bool runs_alone(const inlay_parallel_for& workers) {
  int calls = 0;
  const std::thread::id here = std::this_thread::get_id();
  auto work = [&](std::size_t part, std::size_t parts) {
    calls += part == 0 && parts == 1 && std::this_thread::get_id() == here ? 1 : 100;
  };
  for (int i = 0; i < 3; ++i) run(workers, work);
  return calls == 3;
}

/// Whether the pool runs `size` parts on as many threads.
bool runs_together(const inlay_parallel_for& workers, unsigned size) {
  std::vector<std::thread::id> threads(size);
  auto work = [&](std::size_t part, std::size_t parts) {
    if (parts == size) threads[part] = std::this_thread::get_id();
  };
  run(workers, work);
  std::ranges::sort(threads);
  return threads[0] != std::thread::id() && std::ranges::adjacent_find(threads) == threads.end();
}

TEST(ThreadPool, InAForkedChildThePoolRunsOnTheCallingThread) {
  auto pool = std::make_unique<thread_pool>(3);
  EXPECT_TRUE(runs_together(*pool, 3));
  EXPECT_EQ(exit_code_of_child([&] {
              const bool alone = pool->size() == 1 && runs_alone(*pool);
              pool.reset();
              thread_pool own(2);
              const bool together = own.size() == 2 && runs_together(own, 2);
              // The same in the child's child.
              return alone && together && exit_code_of_child([&] { return runs_alone(own); }) == 0;
            }),
            0);
  EXPECT_EQ(pool->size(), 3u);
  EXPECT_TRUE(runs_together(*pool, 3));
}

TEST(ThreadPool, AForkWhileAnotherThreadUsesThePool) {
  thread_pool pool(2);
  std::atomic<bool> over = false;
  auto work = [](std::size_t, std::size_t) { std::this_thread::sleep_for(std::chrono::microseconds(200)); };
  std::thread user([&] {
    while (!over) run(pool, work);
  });
  for (int i = 0; i < 10; ++i) EXPECT_EQ(exit_code_of_child([&] { return runs_alone(pool); }), 0);
  over = true;
  user.join();
  EXPECT_TRUE(runs_together(pool, 2));
}

TEST(ThreadPool, AProgramStartedFromTheChild) {
  thread_pool pool(2);
  EXPECT_EQ(exit_code_of_child([] {
              execl("/bin/sh", "sh", "-c", "exit 7", nullptr);
              return false;
            }),
            7);
  EXPECT_TRUE(runs_together(pool, 2));
}

/// Uses a pool with static storage duration in a child process, which `end` ends. Returns the exit code.
template <class End>
int exit_code_with_static_pool(End end) {
  return exit_code_of_child([&] {
    static thread_pool pool(3);
    const bool together = runs_together(pool, 3);
    end(pool);
    return together;
  });
}

TEST(ThreadPool, StaticStorageDuration) {
  EXPECT_EQ(exit_code_with_static_pool([](const thread_pool&) { std::exit(3); }), 3);
  EXPECT_EQ(exit_code_with_static_pool([](const thread_pool&) { std::quick_exit(4); }), 4);
}

TEST(ThreadPool, TheWorkMayEndTheProgram) {
  for (const std::size_t part : {0u, 2u})
    EXPECT_EQ(exit_code_with_static_pool([&](const thread_pool& pool) {
                auto work = [&](std::size_t mine, std::size_t) {
                  if (mine == part) std::exit(5);
                };
                run(pool, work);
              }),
              5);
}

TEST(ThreadPool, PoolsComeAndGo) {
  for (int i = 0; i < 100; ++i) thread_pool unused(3);
  std::vector<std::unique_ptr<thread_pool>> pools;
  for (int i = 0; i < 50; ++i) pools.push_back(std::make_unique<thread_pool>(3));
  std::atomic<int> runs = 0;
  auto work = [&](std::size_t, std::size_t) { ++runs; };
  for (int i = 0; i < 10; ++i)
    for (const auto& pool : pools) run(*pool, work);
  EXPECT_EQ(runs, 10 * 50 * 3);
}

/// During its lifetime, binds the calling thread and the threads that it starts to one CPU.
class one_cpu {
 public:
  one_cpu() {
    sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
      if (CPU_ISSET(cpu, &before_) && CPU_COUNT(&one) == 0) CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof one, &one);
  }
  ~one_cpu() { sched_setaffinity(0, sizeof before_, &before_); }
  one_cpu(const one_cpu&) = delete;
  one_cpu& operator=(const one_cpu&) = delete;

 private:
  cpu_set_t before_;
};

TEST(ThreadPool, TheDefaultRespectsTheAffinityMask) {
  EXPECT_EQ(thread_pool().size(), thread_pool::default_size());
  EXPECT_LE(thread_pool::default_size(), std::max(1u, std::thread::hardware_concurrency()));
  const one_cpu bound;
  EXPECT_EQ(thread_pool::default_size(), 1u);
  EXPECT_EQ(thread_pool().size(), 1u);
}

/// The CPU time of this process in seconds, which other processes do not affect.
double cpu_seconds() {
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(use.ru_utime) + seconds(use.ru_stime);
}

// A thread that spins while it waits would keep the thread that it waits for off the only core, which would cost a
// tenth of a millisecond per call.
TEST(ThreadPool, MoreThreadsThanCoresDoNotSpin) {
  const one_cpu bound;
  for (const unsigned size : {2u, 16u}) {
    thread_pool pool(size);
    auto nothing = [](std::size_t, std::size_t) {};
    run(pool, nothing);
    const double before = cpu_seconds();
    constexpr int meetings = 500;
    for (int i = 0; i < meetings; ++i) run(pool, nothing);
    EXPECT_LT((cpu_seconds() - before) / meetings, 30e-6 * size) << size << " threads";
  }
}

}  // namespace
}  // namespace inlay
