// SPDX-License-Identifier: Apache-2.0
// A pool of threads that spin, then sleep.
#include "inlay/thread_pool.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

namespace inlay {
namespace {

/// Looks at a condition before a thread sleeps: about a tenth of a millisecond. On a machine with one core for all
/// threads, whoever is waited for cannot run meanwhile.
constexpr int kSpins = 4000;

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Returns once `value` is no longer `old`.
void wait_while_equal(const std::atomic<unsigned>& value, unsigned old) {
  for (int spin = 0; spin < kSpins; ++spin) {
    if (value.load(std::memory_order_acquire) != old) return;
    pause();
  }
  value.wait(old, std::memory_order_acquire);
}

}  // namespace

struct thread_pool::shared {
  // Apart, so that threads that finish do not disturb those that look for work.
  alignas(64) std::atomic<unsigned> round = 0;       ///< counts pieces of work, and the end
  alignas(64) std::atomic<unsigned> unfinished = 0;  ///< parts of this round on other threads
  alignas(64) void (*work)(void*, std::size_t, std::size_t) = nullptr;
  void* argument = nullptr;
  bool over = false;
  std::mutex turn;
  std::vector<std::thread> threads;
  inlay_parallel_for interface{};

  std::size_t parts() const { return threads.size() + 1; }

  void announce() {
    round.fetch_add(1, std::memory_order_release);
    round.notify_all();
  }

  void run(void (*new_work)(void*, std::size_t, std::size_t), void* new_argument) {
    const std::lock_guard lock(turn);
    if (threads.empty()) return new_work(new_argument, 0, 1);
    work = new_work, argument = new_argument;
    unfinished.store(static_cast<unsigned>(threads.size()), std::memory_order_relaxed);
    announce();
    new_work(new_argument, 0, parts());
    for (unsigned left = 0; (left = unfinished.load(std::memory_order_acquire)) != 0;)
      wait_while_equal(unfinished, left);
  }

  /// What thread `part` does; `count` is the number of parts, which the vector of threads does not yet say.
  void serve(std::size_t part, std::size_t count) {
    for (unsigned seen = 0;; ++seen) {
      wait_while_equal(round, seen);
      if (over) return;
      work(argument, part, count);
      if (unfinished.fetch_sub(1, std::memory_order_acq_rel) == 1) unfinished.notify_one();
    }
  }

  void stop() {
    over = true;
    announce();
    for (std::thread& thread : threads) thread.join();
  }
};

thread_pool::thread_pool(unsigned threads) : shared_(std::make_unique<shared>()) {
  const std::size_t count = threads != 0 ? threads : std::max(1u, std::thread::hardware_concurrency());
  shared& all = *shared_;
  all.interface = {[](void* context, void (*work)(void*, std::size_t, std::size_t), void* argument) {
                     static_cast<shared*>(context)->run(work, argument);
                   },
                   shared_.get()};
  all.threads.reserve(count - 1);
  try {
    for (std::size_t part = 1; part < count; ++part)
      all.threads.emplace_back([&all, part, count] { all.serve(part, count); });
  } catch (...) {
    all.stop();
    throw;
  }
}

thread_pool::~thread_pool() { shared_->stop(); }

unsigned thread_pool::size() const { return static_cast<unsigned>(shared_->parts()); }

thread_pool::operator const inlay_parallel_for&() const { return shared_->interface; }

}  // namespace inlay
