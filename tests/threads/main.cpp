// SPDX-License-Identifier: Apache-2.0
// Runs a network on a thread pool, on OpenMP's threads and through the C interface, and checks that all agree.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <stdexcept>
#include <vector>

#include "inlay/compiled.hpp"
#include "inlay/thread_pool.hpp"
#include "model.hpp"
#include "model_kernels.h"
#ifdef _OPENMP
#include "inlay/openmp.hpp"
#endif

namespace {

void check(const char* what, bool ok) {
  if (ok) return;
  std::printf("%s: not as on one thread\n", what);
  std::exit(1);
}

/// Runs work in which every part except 0 throws its number. Returns the number that the call throws, or -1.
[[maybe_unused]] int thrown_by(const inlay_parallel_for& workers) {
  try {
    workers.run(
        workers.context,
        [](void*, std::size_t part, std::size_t) {
          if (part != 0) throw static_cast<int>(part);
        },
        nullptr);
  } catch (const int part) {
    return part;
  }
  return -1;
}

bool close(const std::vector<float>& a, const std::vector<float>& b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!(std::abs(a[i] - b[i]) <= 1e-6f)) return false;
  return true;
}

}  // namespace

int main() {
  inlay::compiled<divided> net;
  inlay::thread_pool pool(2);
  std::mt19937 random(1);
  for (const std::size_t batch : {1u, 14u, 100u}) {
    std::vector<float> x(batch * 128), expected(batch * 10), y(batch * 10);
    for (float& each : x) each = std::uniform_real_distribution<float>(-1, 1)(random);
    check("one thread", net(x, expected) == inlay::status::ok);

    check("thread_pool", net(x, y, pool) == inlay::status::ok && close(y, expected));
    check("a wrong size", net(std::span(x).first(1), y, pool) == inlay::status::size_mismatch);
#ifdef _OPENMP
    y.assign(y.size(), -1);
    check("OpenMP", net(x, y, inlay::openmp_workers()) == inlay::status::ok && close(y, expected));
#endif
    y.assign(y.size(), -1);
    std::vector<std::byte> scratch(DIVIDED_SCRATCH_BYTES);
    check("C, no workers", divided_run_parallel(x.data(), y.data(), batch, scratch.data(), nullptr) == 0);
    check("C, no workers", close(y, expected));
    const inlay_parallel_for& workers = pool;
    check("C, a null pointer", divided_run_parallel(x.data(), nullptr, batch, scratch.data(), &workers) == 1);

    // An exception that the caller's own parallel_for throws reaches the caller.
    const inlay_parallel_for throwing = {
        [](void*, void (*)(void*, std::size_t, std::size_t), void*) { throw std::runtime_error("no threads"); },
        nullptr};
    bool caught = false;
    try {
      check("an exception is thrown", net(x, y, throwing) == inlay::status::size_mismatch);
    } catch (const std::runtime_error&) {
      caught = true;
    }
    check("an exception is caught", caught);
  }
#ifdef _OPENMP
  omp_set_num_threads(2);
  check("OpenMP, an exception", thrown_by(inlay::openmp_workers()) == 1);
#endif
  std::printf("all agree\n");
}
