// SPDX-License-Identifier: Apache-2.0
// Runs kernels that choose their CPU. Exits with 0 if the results are right, with 5 if all entry points report an
// unsupported CPU and write nothing, and with 1 otherwise.
#include <cstdio>
#include <inlay/compiled.hpp>
#include <vector>

#include "model.hpp"
#include "shipped.h"

namespace {

constexpr std::size_t kBatch = 33;

void one_after_the_other(void*, void (*work)(void*, std::size_t, std::size_t), void* argument) {
  for (std::size_t part = 0; part < 3; ++part) work(argument, part, 3);
}

bool right(const std::vector<float>& x, const std::vector<float>& y) {
  for (std::size_t row = 0; row < kBatch; ++row) {
    float hidden[40];
    for (std::size_t n = 0; n < 40; ++n) {
      float sum = 0;
      for (std::size_t k = 0; k < 24; ++k) sum += first_weights[n * 24 + k] * x[row * 24 + k];
      hidden[n] = sum > 0 ? sum : 0;
    }
    for (std::size_t n = 0; n < 9; ++n) {
      float sum = 0;
      for (std::size_t k = 0; k < 40; ++k) sum += second_weights[n * 40 + k] * hidden[k];
      if (sum != y[row * 9 + n]) return false;
    }
  }
  return true;
}

}  // namespace

#ifdef LIBRARY
extern "C" int run_shipped() {
#else
int main() {
#endif
  inlay::compiled<shipped> net;
  if (net.scratch_bytes() != SHIPPED_SCRATCH_BYTES) return std::printf("scratch\n"), 1;
  std::vector<float> x(kBatch * 24);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(static_cast<int>(i % 7) - 3);
  const std::vector<float> untouched(kBatch * 9, -12345);
  std::vector<float> y(untouched), parallel(untouched), single(9, -12345);
  const inlay_parallel_for workers = {one_after_the_other, nullptr};
  const inlay::status status = net(x, y), of_parallel = net(x, parallel, workers);
  const inlay::status of_single = net(std::span(x).first(24), single);
  std::printf("status %d\n", static_cast<int>(status));
  if (status != of_parallel || status != of_single) return 1;
  if (status == inlay::status::unsupported_cpu) return y == untouched && parallel == untouched ? 5 : 1;
  if (status != inlay::status::ok || !right(x, y) || parallel != y) return 1;
  return std::vector<float>(y.begin(), y.begin() + 9) == single ? 0 : 1;
}
