// SPDX-License-Identifier: Apache-2.0
// A pool of threads that spin, then sleep.
#include "inlay/thread_pool.hpp"

#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#include "available_cpus.hpp"

namespace inlay {
namespace {

using work_function = void (*)(void* argument, std::size_t part, std::size_t parts);

/// How long a waiting thread keeps its core: longer than the time between most layers of a network.
constexpr std::chrono::microseconds kAlone(2);
/// How long a thread waits in all before it sleeps. After kAlone it offers its core to other threads between looks.
constexpr std::chrono::microseconds kPatience(50);

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Returns once `value` is no longer `old`. A patient thread spins first.
void wait_while_equal(const std::atomic<unsigned>& value, unsigned old, bool patient) {
  using clock = std::chrono::steady_clock;
  for (const auto start = clock::now(); patient;) {
    for (int look = 0; look < 16; ++look) {
      if (value.load(std::memory_order_acquire) != old) return;
      pause();
    }
    const auto waited = clock::now() - start;
    if (waited > kPatience) break;
    // If other processes keep the cores busy, the thread that this one waits for may need this core.
    if (waited > kAlone) sched_yield();
  }
  value.wait(old, std::memory_order_acquire);
}

/// The calling thread's floating-point mode: rounding, denormals and traps, without the status flags.
class float_mode {
 public:
  static float_mode current() { return float_mode(read() & ~kFlags); }
  void adopt() const {
    const std::uint64_t now = read();
    if ((now & ~kFlags) != bits_) write(bits_ | (now & kFlags));
  }
  float_mode() = default;

 private:
  explicit float_mode(std::uint64_t bits) : bits_(bits) {}
#if defined(__x86_64__)
  // MXCSR in the low half, the x87 control word in the high half.
  static constexpr std::uint64_t kFlags = 0x3f;
  static std::uint64_t read() {
    std::uint16_t x87 = 0;
    asm volatile("fnstcw %0" : "=m"(x87));
    return std::uint64_t{x87} << 32 | __builtin_ia32_stmxcsr();
  }
  static void write(std::uint64_t bits) {
    const auto x87 = static_cast<std::uint16_t>(bits >> 32);
    asm volatile("fldcw %0" ::"m"(x87));
    __builtin_ia32_ldmxcsr(static_cast<unsigned>(bits));
  }
#elif defined(__aarch64__)
  static constexpr std::uint64_t kFlags = 0;  // the status flags are in FPSR, a separate register
  static std::uint64_t read() {
    std::uint64_t bits;
    asm volatile("mrs %0, fpcr" : "=r"(bits));
    return bits;
  }
  static void write(std::uint64_t bits) { asm volatile("msr fpcr, %0" ::"r"(bits)); }
#else
  static constexpr std::uint64_t kFlags = 0;
  static std::uint64_t read() { return 0; }
  static void write(std::uint64_t) {}
#endif
  std::uint64_t bits_ = 0;
};

/// The number of forks from the first process to this one.
std::atomic<unsigned> forks = 0;

void count_forks() {
  static const int error = pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });
  if (error != 0) throw std::system_error(error, std::generic_category(), "pthread_atfork");
}

/// The pool whose work the calling thread runs; null outside of work.
thread_local const void* working_for = nullptr;

}  // namespace

struct thread_pool::shared {
  /// A thread and its part. Not a std::thread, because the child of a fork could neither join nor detach it.
  struct server {
    shared* pool;
    std::size_t part;
    pthread_t thread;
  };

  // On cache lines of their own, so that threads that finish do not disturb threads that look for work.
  alignas(64) std::atomic<unsigned> round = 0;       ///< incremented for each piece of work, and at the end
  alignas(64) std::atomic<unsigned> unfinished = 0;  ///< parts of this round that other threads still run
  alignas(64) work_function work = nullptr;
  void* argument = nullptr;
  float_mode mode;
  bool over = false;
  bool patient = false;
  unsigned birth = 0;     ///< `forks` when the pool was made
  std::size_t parts = 1;  ///< set before the threads start
  std::atomic<bool> failed = false;
  std::exception_ptr failure;  ///< the first exception of a part on another thread
  std::mutex turn;
  std::vector<server> servers;
  inlay_parallel_for interface{};

  bool is_inherited() const { return forks.load(std::memory_order_relaxed) != birth; }

  void announce() {
    round.fetch_add(1, std::memory_order_release);
    round.notify_all();
  }

  void wait_for_others() {
    for (unsigned left = 0; (left = unfinished.load(std::memory_order_acquire)) != 0;)
      wait_while_equal(unfinished, left, patient);
  }

  void run(work_function new_work, void* new_argument) {
    if (working_for != nullptr || is_inherited()) return new_work(new_argument, 0, 1);
    const std::lock_guard lock(turn);
    // Wait for the other parts even if part 0 throws, because they use the argument.
    struct meeting {
      shared& pool;
      explicit meeting(shared& of) : pool(of) { working_for = &pool; }
      ~meeting() { pool.wait_for_others(), working_for = nullptr; }
    };
    {
      const meeting until_all_have_finished(*this);
      if (!servers.empty()) {
        work = new_work, argument = new_argument, mode = float_mode::current();
        failed = false, failure = nullptr;  // may be left from a call in which part 0 threw as well
        unfinished.store(static_cast<unsigned>(servers.size()), std::memory_order_relaxed);
        announce();
      }
      new_work(new_argument, 0, parts);
    }
    if (failed.load(std::memory_order_relaxed)) std::rethrow_exception(std::exchange(failure, nullptr));
  }

  void serve(std::size_t part) {
    working_for = this;
    for (unsigned seen = 0;; ++seen) {
      wait_while_equal(round, seen, patient);
      if (over) return;
      mode.adopt();
      try {
        work(argument, part, parts);
      } catch (...) {
        if (!failed.exchange(true, std::memory_order_relaxed)) failure = std::current_exception();
      }
      if (unfinished.fetch_sub(1, std::memory_order_acq_rel) == 1) unfinished.notify_one();
    }
  }

  /// Starts a thread for every part but the first.
  void start() {
    servers.reserve(parts - 1);
    for (std::size_t part = 1; part < parts; ++part) {
      servers.push_back({this, part, {}});
      const auto main = [](void* seat) -> void* {
        const server& mine = *static_cast<server*>(seat);
        mine.pool->serve(mine.part);
        return nullptr;
      };
      if (const int error = pthread_create(&servers.back().thread, nullptr, main, &servers.back()); error != 0) {
        servers.pop_back();
        throw std::system_error(error, std::generic_category(), "cannot start the threads of a thread_pool");
      }
    }
  }

  void stop() {
    over = true;
    announce();
    for (const server& each : servers) pthread_join(each.thread, nullptr);
  }
};

thread_pool::thread_pool(unsigned threads) : shared_(std::make_unique<shared>()) {
  count_forks();
  shared& all = *shared_;
  all.interface = {
      [](void* context, work_function work, void* argument) { static_cast<shared*>(context)->run(work, argument); },
      shared_.get()};
  const unsigned cpus = default_size();
  all.parts = threads != 0 ? threads : cpus;
  all.patient = all.parts <= cpus;
  all.birth = forks.load(std::memory_order_relaxed);
  try {
    all.start();
  } catch (...) {
    all.stop();
    throw;
  }
}

thread_pool::~thread_pool() {
  if (working_for == shared_.get()) {
    // The work has called exit(), which destroys static objects. Leak the memory: the pool's threads still use it.
    static_cast<void>(shared_.release());
  } else if (!shared_->is_inherited()) {
    shared_->stop();
  }
}

unsigned thread_pool::default_size() { return threads::available_cpus(threads::affine_cpus(), threads::quota_cpus()); }

unsigned thread_pool::size() const { return shared_->is_inherited() ? 1 : static_cast<unsigned>(shared_->parts); }

thread_pool::operator const inlay_parallel_for&() const { return shared_->interface; }

}  // namespace inlay
