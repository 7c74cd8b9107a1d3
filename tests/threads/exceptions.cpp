// SPDX-License-Identifier: Apache-2.0
// Tests exceptions that the caller's own parallel_for throws: they pass through <network>_run_parallel to the caller,
// and the network can run again.
#include <cfenv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "inlay/compiled.hpp"
#include "inlay/thread_pool.hpp"
#include "model.hpp"
#include "model_kernels.h"

// libgcc: finds the unwind table of the function at an address, or returns null.
extern "C" const void* _Unwind_Find_FDE(void* address, void* bases);

namespace {

/// Counts calls of its destructor, which unwinding must run.
struct witness {
  int& destroyed;
  ~witness() { ++destroyed; }
};

/// The caller's own parallel_for. Counts its calls and throws in one of them, before or after the work.
struct own_threads {
  int throwing_call = 0;
  bool after_the_work = false;
  int calls = 0, destroyed = 0;

  inlay_parallel_for workers() {
    return {[](void* context, void (*work)(void*, std::size_t, std::size_t), void* argument) {
              static_cast<own_threads*>(context)->run(work, argument);
            },
            this};
  }
  void run(void (*work)(void*, std::size_t, std::size_t), void* argument) {
    const witness here{destroyed};
    const bool throws = ++calls == throwing_call;
    if (throws && !after_the_work) throw std::runtime_error("the threads are gone");
    for (std::size_t part = 0; part < 2; ++part) work(argument, part, 2);
    if (throws) throw std::runtime_error("the threads are gone");
  }
};

void check(const char* what, bool ok) {
  if (ok) return;
  std::printf("wrong: %s\n", what);
  std::exit(1);
}

template <class Call>
std::string thrown_by(Call call) {
  try {
    call();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

int main() {
  void* bases[3] = {};
  if (_Unwind_Find_FDE(reinterpret_cast<char*>(&divided_run_parallel) + 1, bases) == nullptr) {
    std::printf("the kernels have no unwind tables: nothing can pass through them\n");
    return 77;
  }
  inlay::compiled<divided> net;
  for (const std::size_t batch : {1u, 100u}) {
    const std::vector<float> x(batch * 128, 0.25f);
    std::vector<float> expected(batch * 10), y(batch * 10);
    check("one thread", net(x, expected) == inlay::status::ok);
    own_threads whole;
    check("own threads", net(x, y, whole.workers()) == inlay::status::ok);
    check("own threads are asked for", whole.calls >= 1 && whole.destroyed == whole.calls);

    for (int call = 1; call <= whole.calls; ++call)
      for (const bool after_the_work : {false, true}) {
        own_threads threads{.throwing_call = call, .after_the_work = after_the_work};
        const inlay_parallel_for workers = threads.workers();
        check("C++", thrown_by([&] { static_cast<void>(net(x, y, workers)); }) == "the threads are gone");
        check("calls up to the exception", threads.calls == call && threads.destroyed == call);

        threads.calls = 0;
        std::fesetround(FE_UPWARD);
        check("another rounding mode", !thrown_by([&] { static_cast<void>(net(x, y, workers)); }).empty());
        check("the rounding mode afterwards", std::fegetround() == FE_UPWARD);
        std::fesetround(FE_TONEAREST);

        threads.calls = 0;
        std::vector<std::byte> scratch(DIVIDED_SCRATCH_BYTES);
        check("C", thrown_by([&] { divided_run_parallel(x.data(), y.data(), batch, scratch.data(), &workers); }) ==
                       "the threads are gone");

        // The same without an exception.
        threads.throwing_call = 0;
        y.assign(y.size(), -1);
        check("afterwards", net(x, y, workers) == inlay::status::ok);
        for (std::size_t i = 0; i < y.size(); ++i) check("results afterwards", std::abs(y[i] - expected[i]) <= 1e-6f);
      }
  }
  std::printf("all pass\n");
}
